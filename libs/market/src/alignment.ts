import type { Bar, Panel } from "@baton/quant";

import type { Dataset } from "./dataset.ts";
import { MarketError } from "./market-error.ts";

/** Series over the dates that all datasets share, in the order given, and how many rows each one lost. */
export type Alignment = {
  readonly dates: readonly string[];
  readonly panel: Panel;
  readonly droppedRows: readonly number[];
};

/**
 * Cuts datasets to their shared dates. Throws E_INVALID if there is no dataset or no shared date.
 * Returns over a dropped row span it: a date missing in one dataset makes a longer return in all.
 */
export function alignByDate(datasets: readonly Dataset[]): Alignment {
  const byDate = datasets.map(({ bars }) => new Map(bars.map((bar) => [bar.date, bar])));
  const [first, ...others] = byDate;
  const dates = [...(first?.keys() ?? [])].filter((date) => others.every((bars) => bars.has(date)));
  if (dates.length === 0) {
    throw new MarketError({
      code: "E_INVALID",
      class: "spec",
      where: "datasets",
      value: datasets.map(({ manifest }) => manifest.instrument).join(", "),
      rule: "at least one dataset, and a date that all of them have",
      next: "choose instruments whose ranges overlap",
    });
  }
  const panel = byDate.map((bars) =>
    dates.map((date) => bars.get(date)).filter((bar): bar is Bar => bar !== undefined),
  );
  return { dates, panel, droppedRows: byDate.map((bars) => bars.size - dates.length) };
}
