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

/** How dates are written; the first row decides, and all rows must agree. */
export type DateForm = "YYYY-MM-DD" | "MM/DD/YYYY";

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?$/i;
const EMPTY = new Set(["", "null", "nan", "n/a"]);

/** Far outside any market, and near enough to 1 that returns stay finite. */
const LEAST_PRICE = 1e-9;
const MOST = 1e12;
const MOST_VOLUME = 1e18;

/** An E_INVALID that names the cell, its text, and the rule it breaks. */
export function refuseCell(cell: Cell, rule: string): MarketError {
  return new MarketError({
    code: "E_INVALID",
    class: "spec",
    where: `${cell.file} line ${cell.line}, column ${cell.position} (${cell.column})`,
    value: cell.text,
    rule,
    next: "correct the row or take it out of the file",
  });
}

/** Whether a cell holds nothing: no text, or a word that exports use for it (null, NaN, N/A). */
export function isEmpty({ text }: Pick<Cell, "text">): boolean {
  return EMPTY.has(text.toLowerCase());
}

/** A price: finite and positive. */
export function readPrice(cell: Cell): number {
  const price = NUMBER.test(cell.text) ? Number(cell.text) : Number.NaN;
  if (price >= LEAST_PRICE && price <= MOST) return price;
  throw refuseCell(cell, `a number from ${LEAST_PRICE} to ${MOST}, digits with a decimal point`);
}

/** A volume: finite, 0 or above. */
export function readVolume(cell: Cell): number {
  const volume = NUMBER.test(cell.text) ? Number(cell.text) : Number.NaN;
  if (volume >= 0 && volume <= MOST_VOLUME) return volume;
  throw refuseCell(cell, `a number from 0 to ${MOST_VOLUME}`);
}

/** How a date is written, or undefined if it is neither form. */
export function dateFormOf(text: string): DateForm | undefined {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return "YYYY-MM-DD";
  return /^\d{1,2}\/\d{1,2}\/\d{4}$/.test(text) ? "MM/DD/YYYY" : undefined;
}

/** A date of the calendar in ISO form; 31 April, 29 February 2023 and other forms than `form` are refused. */
export function readDate(cell: Cell, form: DateForm): string {
  const parts = cell.text.split(form === "YYYY-MM-DD" ? "-" : "/");
  const [year = "", month = "", day = ""] =
    form === "YYYY-MM-DD" ? parts : [parts[2], parts[0], parts[1]];
  const iso = `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
  const time = Date.parse(`${iso}T00:00:00Z`);
  const real =
    dateFormOf(cell.text) === form &&
    Number.isFinite(time) &&
    new Date(time).toISOString().startsWith(iso);
  if (real) return iso;
  throw refuseCell(cell, `a date of the calendar written ${form}, as in the first row`);
}
