/** Dates of a file: two forms are read, many more are recognised to say what to write instead. */
import { type Cell, refuseCell } from "./csv-cells.ts";

/** How dates are written; the first row decides, and all rows must agree. */
export type DateForm = "YYYY-MM-DD" | "MM/DD/YYYY";

/** How a date is written, or undefined if it is neither form. */
export function dateFormOf(text: string): DateForm | undefined {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return "YYYY-MM-DD";
  return /^\d{1,2}\/\d{1,2}\/\d{4}$/.test(text) ? "MM/DD/YYYY" : undefined;
}

/**
 * A date of the calendar in ISO form; 31 April, 29 February 2023 and other forms than `form` are refused. `form` undefined:
 * the first row's date is in neither.
 */
export function readDate(cell: Cell, form: DateForm | undefined): string {
  const [first = "", second = "", third = ""] = cell.text.split(/[-/]/);
  const iso = form === "MM/DD/YYYY" ? isoOf(third, first, second) : isoOf(first, second, third);
  if (iso !== undefined && form !== undefined && dateFormOf(cell.text) === form) return iso;
  const rule =
    form === undefined
      ? "a date of the calendar written YYYY-MM-DD (or MM/DD/YYYY in every row)"
      : `a date of the calendar written ${form}, as in the first row`;
  throw refuseCell(cell, rule, dateAdvice(cell.text));
}

/** The day in ISO form; undefined if the calendar has none such. */
function isoOf(year: string, month: string, day: string): string | undefined {
  const iso = `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
  const time = Date.parse(`${iso}T00:00:00Z`);
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(iso) ? iso : undefined;
}

const DAY_MS = 86_400_000;
/** Day 0 of spreadsheets' serial numbers. */
const SERIAL_ZERO = Date.UTC(1899, 11, 30);
/** From 1927 to 2173. */
const SERIAL = /^([1-9]\d{4})(?:\.\d+)?$/;

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** What a date in another form looks like, and the same day as it is read. */
const LOOKS: readonly (readonly [
  form: RegExp,
  what: string,
  iso: (parts: readonly string[]) => string | undefined,
])[] = [
  [
    /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$/,
    "a date with the day first",
    ([day = "", month = "", year = ""]) => isoOf(year, month, day),
  ],
  [
    /^(\d{4})[/.-](\d{1,2})[/.-](\d{1,2})$|^(\d{4})(\d{2})(\d{2})$/,
    "a date that isn't written with two dashes and ten characters",
    (parts) =>
      isoOf(parts[0] ?? parts[3] ?? "", parts[1] ?? parts[4] ?? "", parts[2] ?? parts[5] ?? ""),
  ],
  [
    /^(\d{4})[-/.](\d{2})[-/.](\d{2})[T ]/,
    "a date with a time of day",
    ([year = "", month = "", day = ""]) => isoOf(year, month, day),
  ],
  [
    SERIAL,
    "a spreadsheet's serial number of a day",
    ([days = ""]) => dayOf(SERIAL_ZERO + Number(days) * DAY_MS),
  ],
  [
    /^(\d{9,10})(?:\d{3})?$/,
    "a time in seconds or milliseconds since 1970",
    ([seconds = ""]) => dayOf(Number(seconds) * 1000),
  ],
];

function dateAdvice(text: string): string | undefined {
  for (const [form, what, iso] of LOOKS) {
    const match = form.exec(text);
    const day = match ? iso(match.slice(1)) : undefined;
    if (day !== undefined && text !== day)
      return `it looks like ${what}: export dates as YYYY-MM-DD, this one as ${day}`;
  }
  return undefined;
}
