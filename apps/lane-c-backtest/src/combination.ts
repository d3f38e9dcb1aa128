/**
 * Several instruments as one portfolio, although their series start, end and pause on different dates.
 *
 * C1: on each date the equity is split evenly over the instruments whose rows reach from that date to a later one,
 *     so that a target known on that date can be held. One instrument alone gets everything.
 * C2: a date that an instrument skips inside its range earns it nothing, and its target stays.
 * C3: every change of the split is a change of weight, and is paid for like any other.
 */
import type { Bar, Panel, Targets } from "@baton/quant";

/** One instrument's rows and the target known at the close of each of them. */
export interface Component {
  readonly bars: readonly Bar[];
  readonly targets: readonly number[];
}

/** A panel over all dates of any component, with the targets scaled by the split (C1). */
export interface Combination {
  readonly panel: Panel;
  readonly targets: Targets;
}

/** Joins components into one portfolio; targets that are missing at a component's end count as 0. */
export function combined(components: readonly Component[]): Combination {
  const dates = [...new Set(components.flatMap(({ bars }) => bars.map(({ date }) => date)))];
  dates.sort();
  const stretched = components.map((component) => stretchedOver(dates, component));
  const active = dates.map((_, row) => stretched.filter(({ held }) => held[row] === true).length);
  return {
    panel: stretched.map(({ bars }) => bars),
    targets: stretched.map(({ targets, held }) =>
      targets.map((target, row) => (held[row] === true ? target / (active[row] ?? 1) : 0)),
    ),
  };
}

/** A component over all dates: flat bars where it has none (C2), and where it takes part in the split (C1). */
function stretchedOver(dates: readonly string[], { bars, targets }: Component) {
  const first = bars[0];
  const last = bars.at(-1);
  if (first === undefined || last === undefined) throw new RangeError("a component without rows");
  const rowOf = new Map(bars.map(({ date }, row) => [date, row]));
  let price = first.close;
  let target = 0;
  const rows = dates.map((date) => {
    const row = rowOf.get(date);
    const bar = row === undefined ? undefined : bars[row];
    if (row !== undefined && bar !== undefined) {
      price = bar.close;
      target = targets[row] ?? 0;
    }
    const held = date >= first.date && date < last.date;
    return { bar: bar ?? flatBar(date, price), target, held };
  });
  return {
    bars: rows.map(({ bar }) => bar),
    targets: rows.map((row) => row.target),
    held: rows.map((row) => row.held),
  };
}

function flatBar(date: string, price: number): Bar {
  return { date, open: price, high: price, low: price, close: price, volume: 0 };
}
