import type { CsvFormat } from "@baton/artifacts";

import type { ColumnName } from "./csv-columns.ts";
import { MarketError } from "./market-error.ts";

/** One cell of a file: its text and the place that an error names. */
export type Cell = {
  readonly file: string;
  readonly line: number;
  readonly position: number;
  readonly column: ColumnName;
  readonly text: string;
};

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?$/i;
const EMPTY = new Set(["", "null", "nan", "n/a"]);

/** Far outside any market, and near enough to 1 that returns stay finite. */
const LEAST_PRICE = 1e-9;
const MOST = 1e12;
const MOST_VOLUME = 1e18;

/** An E_INVALID that names the cell, its text, and the rule it breaks. */
export function refuseCell(
  cell: Cell,
  rule: string,
  action = "correct the row or take it out of the file",
): MarketError {
  return new MarketError({
    code: "E_INVALID",
    class: "spec",
    where: `${cell.file} line ${cell.line}, column ${cell.position} (${cell.column})`,
    value: cell.text,
    rule,
    action,
  });
}

/** Whether a cell holds nothing: no text, or a word that exports use for it (null, NaN, N/A). */
export function isEmpty({ text }: Pick<Cell, "text">): boolean {
  return EMPTY.has(text.toLowerCase());
}

/** A price: finite and positive, written as the file's format says. */
export function readPrice(cell: Cell, format: CsvFormat = {}): number {
  const price = numberIn(cell.text, format);
  if (price >= LEAST_PRICE && price <= MOST) return price;
  const mark = format.decimal === "," ? "comma, as csv.decimal says" : "point";
  const rule = `a number from ${LEAST_PRICE} to ${MOST}, digits with a decimal ${mark}`;
  throw refuseCell(cell, rule, numberAdvice(cell.text, format));
}

/** A volume: finite, 0 or above. */
export function readVolume(cell: Cell, format: CsvFormat = {}): number {
  const volume = numberIn(cell.text, format);
  if (volume >= 0 && volume <= MOST_VOLUME) return volume;
  throw refuseCell(cell, `a number from 0 to ${MOST_VOLUME}`, numberAdvice(cell.text, format));
}

/** NaN if it isn't a number; with a decimal comma a point is none, as it might stand between thousands. */
function numberIn(text: string, { decimal }: CsvFormat): number {
  const swapped = text.replace(/[.,]/g, (mark) => (mark === "," ? "." : ","));
  const written = decimal === "," ? swapped : text;
  return NUMBER.test(written) ? Number(written) : Number.NaN;
}

/** What to do about a text that looks like a number written in another way. */
function numberAdvice(text: string, { decimal, delimiter = "," }: CsvFormat): string | undefined {
  if (/^\p{Sc}|\p{Sc}$/u.test(text))
    return "it looks like an amount with its currency: export plain numbers";
  const without = "export the file without them";
  if (decimal === ",")
    return /^[+-]?[\d.]*\.\d+(?:,\d+)?$/.test(text)
      ? `it looks like a number with a decimal point or thousands separators: take decimal: "," out of csv, or, where they part thousands, ${without}`
      : undefined;
  if (/^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(text))
    return `it looks like a number with thousands separators: ${without}`;
  if (/^[+-]?\d{1,3}(?:\.\d{3})+,\d+$/.test(text))
    return `it looks like a number with thousands separators and a decimal comma: export the file with decimal points and nothing else in numbers`;
  if (/^[+-]?\d+,\d+$/.test(text))
    return delimiter === ","
      ? 'it looks like a number with a decimal comma: export the file with decimal points, or with another delimiter than commas and decimal: "," beside the path'
      : 'it looks like a number with a decimal comma: write decimal: "," beside the path';
  return undefined;
}
