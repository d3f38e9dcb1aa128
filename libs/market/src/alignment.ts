import { type Panel } from "@baton/quant";

import type { Dataset } from "./dataset.ts";
import { onRows } from "./manifest.ts";
import { MarketError } from "./market-error.ts";

/** The data sets on the dates that all of them share, in the order given, and how many rows each one lost. */
export type Alignment = {
  readonly dates: readonly string[];
  readonly datasets: readonly Dataset[];
  readonly panel: Panel;
  readonly droppedRows: readonly number[];
};

/**
 * Cuts datasets to their shared dates. Throws E_INVALID if there is no dataset or no shared date.
 * Returns over a dropped row span it: a date missing in one dataset makes a longer return in all.
 */
export function alignByDate(datasets: readonly Dataset[]): Alignment {
  const dateSets = datasets.map(({ bars }) => new Set(bars.map(({ date }) => date)));
  const [first, ...others] = dateSets;
  const dates = [...(first ?? [])].filter((date) => others.every((known) => known.has(date)));
  if (dates.length === 0) {
    throw new MarketError({
      code: "E_INVALID",
      class: "spec",
      where: "datasets",
      value: datasets
        .map(({ manifest }) => `${manifest.instrument} ${manifest.start} to ${manifest.end}`)
        .join(", "),
      rule: "at least one dataset, and a date that all of them have",
      action: "choose instruments whose ranges overlap",
    });
  }
  const shared = new Set(dates);
  const aligned = datasets.map((dataset) => onRows(dataset, ({ date }) => shared.has(date)));
  return {
    dates,
    datasets: aligned,
    panel: aligned.map(({ bars }) => bars),
    droppedRows: datasets.map(({ bars }) => bars.length - dates.length),
  };
}
