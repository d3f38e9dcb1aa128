/**
 * The instruments as one portfolio over the held-back rows, split as the backtest splits them.
 *
 * V1: on each date the equity is shared evenly by the instruments whose rows go on after it.
 * V2: a date that an instrument pauses on earns it nothing, and its target stays.
 */
import type { Bar, Panel, Targets } from "@baton/quant";

import type { InstrumentSignals } from "./strategy-signals.ts";

/** Bars and scaled targets over all held-back dates, the last research row in front. */
export interface HeldBackPortfolio {
  readonly panel: Panel;
  readonly targets: Targets;
}

interface Stretched {
  readonly bars: readonly Bar[];
  readonly targets: readonly number[];
  readonly held: readonly boolean[];
}

function stretched(dates: readonly string[], signals: InstrumentSignals): Stretched {
  // The target of the last research row is what the first held-back row is held at.
  const bars = signals.bars.slice(signals.cut - 1);
  const targets = signals.targets.slice(signals.cut - 1);
  const rowOf = new Map(bars.map(({ date }, row) => [date, row]));
  const first = bars[0]?.date ?? "";
  const last = bars.at(-1)?.date ?? "";
  let row = 0;
  const rows = dates.map((date) => {
    const own = rowOf.get(date);
    row = own ?? row;
    const close = bars[row]?.close ?? 1;
    const pause = { date, open: close, high: close, low: close, close, volume: 0 };
    return {
      bar: (own === undefined ? undefined : bars[own]) ?? pause,
      target: targets[row] ?? 0,
      held: date >= first && date < last,
    };
  });
  return {
    bars: rows.map(({ bar }) => bar),
    targets: rows.map(({ target }) => target),
    held: rows.map(({ held }) => held),
  };
}

/** Joins the instruments over the union of their held-back dates. */
export function heldBackPortfolio(signals: readonly InstrumentSignals[]): HeldBackPortfolio {
  const dates = [
    ...new Set(signals.flatMap(({ bars, cut }) => bars.slice(cut - 1).map(({ date }) => date))),
  ].toSorted();
  const parts = signals.map((of) => stretched(dates, of));
  const sharing = dates.map((_, row) => parts.filter(({ held }) => held[row] === true).length);
  return {
    panel: parts.map(({ bars }) => bars),
    targets: parts.map(({ targets, held }) =>
      targets.map((target, row) => (held[row] === true ? target / (sharing[row] ?? 1) : 0)),
    ),
  };
}
