import { z } from "zod";

import { LIMITS, requireWithin } from "./limits.ts";
import { QuantError, requireThat } from "./quant-error.ts";
import type { Series } from "./series.ts";

const Price = z.number().positive();

/** One trading day of one instrument; the date is the exchange's, prices in the quote currency. */
export const Bar = z.strictObject({
  date: z.iso.date(),
  open: Price,
  high: Price,
  low: Price,
  close: Price,
  volume: z.number().nonnegative(),
});
export type Bar = z.infer<typeof Bar>;

/** Series of one or more instruments over the same dates: `panel[instrument][row]`. */
export type Panel = readonly (readonly Bar[])[];

/** The closing prices of a series. */
export function closesOf(bars: readonly Bar[]): number[] {
  return bars.map((bar) => bar.close);
}

/** Rows of a panel; 0 for a panel without series. */
export function rowsOf(panel: Panel): number {
  return panel[0]?.length ?? 0;
}

/** The first `rows` rows of every series: all that was known at the close of row `rows - 1`. */
export function truncated(panel: Panel, rows: number): Panel {
  return panel.map((bars) => bars.slice(0, rows));
}

/**
 * Throws E_INVALID unless the panel has at least one series and two rows, all series share
 * strictly ascending dates, and every close is a finite positive number; E_LIMIT past the size limits.
 */
export function requirePanel(panel: Panel): void {
  requireWithin("instruments", panel.length, "panel.length");
  const dates = panel[0] ?? [];
  requireThat(dates.length >= 2, {
    where: "panel[0].length",
    value: dates.length,
    rule: "at least one series of two rows",
    action: "load more data",
  });
  requireWithin("bars", dates.length, "panel[0].length");
  panel.forEach((bars, instrument) => requireBars(bars, dates, instrument));
}

function requireBars(bars: readonly Bar[], dates: readonly Bar[], instrument: number): void {
  requireThat(bars.length === dates.length, {
    where: `panel[${instrument}].length`,
    value: bars.length,
    rule: `as many rows as panel[0], ${dates.length}`,
    action: "align the series by date",
  });
  let before = "";
  for (const [row, { date, close }] of bars.entries()) {
    const where = `panel[${instrument}][${row}]`;
    if (date !== dates[row]?.date || date <= before) {
      throw new QuantError({
        code: "E_INVALID",
        where: `${where}.date`,
        value: date,
        rule: "dates ascend and are the same in every series",
        action: "align the series by date",
      });
    }
    requireClose(close, `${where}.close`);
    before = date;
  }
}

function requireClose(close: number, where: string): void {
  if (Number.isFinite(close) && close > 0) return;
  throw new QuantError({
    code: "E_INVALID",
    where,
    value: close,
    rule: "a finite price above 0",
    action: "correct the data",
  });
}

/** Throws E_INVALID unless there are at least two closes, all finite and positive; E_LIMIT past {@link LIMITS}. */
export function requireCloses(closes: Series): void {
  requireThat(closes.length >= 2, {
    where: "closes.length",
    value: closes.length,
    rule: `from 2 to ${LIMITS.bars} rows`,
    action: "load more data",
  });
  requireWithin("bars", closes.length, "closes.length");
  for (const [row, close] of closes.entries()) requireClose(close, `closes[${row}]`);
}
