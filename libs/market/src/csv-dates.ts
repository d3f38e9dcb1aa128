/** Dates of a file: in the form that is told or in one of two, and others are recognised to say what to write instead. */
import type { CsvDateFormat } from "@baton/artifacts";

import { type Cell, refuseCell } from "./csv-cells.ts";

/** How a file's dates are written, and whether its user said so; else the first row decided. All rows must agree. */
export type DateForm = { readonly form: CsvDateFormat; readonly told: boolean };

/** Each form with named parts. Single digits are known from their places, where there are separators. */
const FORMS: Readonly<Record<CsvDateFormat, RegExp>> = {
  "YYYY-MM-DD": /^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})$/,
  "MM/DD/YYYY": /^(?<month>\d{1,2})\/(?<day>\d{1,2})\/(?<year>\d{4})$/,
  "DD/MM/YYYY": /^(?<day>\d{1,2})\/(?<month>\d{1,2})\/(?<year>\d{4})$/,
  "DD.MM.YYYY": /^(?<day>\d{1,2})\.(?<month>\d{1,2})\.(?<year>\d{4})$/,
  "DD-MM-YYYY": /^(?<day>\d{1,2})-(?<month>\d{1,2})-(?<year>\d{4})$/,
  "YYYY/MM/DD": /^(?<year>\d{4})\/(?<month>\d{1,2})\/(?<day>\d{1,2})$/,
  "YYYY.MM.DD": /^(?<year>\d{4})\.(?<month>\d{1,2})\.(?<day>\d{1,2})$/,
  YYYYMMDD: /^(?<year>\d{4})(?<month>\d{2})(?<day>\d{2})$/,
  "YYYY-MM-DDThh:mm":
    /^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?$/,
};

/** Forms that are read without being told. */
const USUAL = ["YYYY-MM-DD", "MM/DD/YYYY"] as const;

/** How dates are written that begin with `text`, where nothing is told; undefined if in neither form that is read. */
export function dateFormOf(text: string): DateForm | undefined {
  const form = USUAL.find((one) => FORMS[one].test(text));
  return form && { form, told: false };
}

/** Whether a text is a day in any form that can be told. */
export function isDate(text: string): boolean {
  return Object.values(FORMS).some((form) => dayIn(text, form) !== undefined);
}

/**
 * A date of the calendar in ISO form; 31 April, 29 February 2023 and other forms than `as` are refused. `as` undefined:
 * none is told, and the first row's date is in none that is read. Of a date with a time the day is taken as it is written.
 */
export function readDate(cell: Cell, as: DateForm | undefined): string {
  const iso = as && dayIn(cell.text, FORMS[as.form]);
  if (iso !== undefined) return iso;
  throw refuseCell(cell, ruleOf(as), dateAdvice(cell.text));
}

function ruleOf(as: DateForm | undefined): string {
  if (as === undefined)
    return "a date of the calendar written YYYY-MM-DD (or MM/DD/YYYY in every row)";
  const why = as.told ? "as csv.dateFormat says" : "as in the first row";
  return `a date of the calendar written ${as.form}, ${why}`;
}

function dayIn(text: string, form: RegExp): string | undefined {
  const { year = "", month = "", day = "" } = form.exec(text)?.groups ?? {};
  return isoOf(year, month, day);
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

const NOT_ISO = "a date that isn't written with two dashes and ten characters";

/** What a date in another form looks like, and how `dateFormat` tells it. */
const TELLABLE: readonly (readonly [form: CsvDateFormat, what: string])[] = [
  ["DD/MM/YYYY", "a date with the day first"],
  ["DD.MM.YYYY", "a date with the day first"],
  ["DD-MM-YYYY", "a date with the day first"],
  ["MM/DD/YYYY", "a date with the month first"],
  ["YYYY/MM/DD", NOT_ISO],
  ["YYYY.MM.DD", NOT_ISO],
  ["YYYYMMDD", NOT_ISO],
  ["YYYY-MM-DDThh:mm", "a date with a time of day"],
  ["YYYY-MM-DD", "an ISO date"],
];

/** What can't be told, and the same day as it is read. */
const OTHERS: readonly (readonly [
  form: RegExp,
  what: string,
  iso: (parts: readonly string[]) => string | undefined,
])[] = [
  [
    /^(\d{4})-(\d{1,2})-(\d{1,2})$/,
    NOT_ISO,
    ([year = "", month = "", day = ""]) => isoOf(year, month, day),
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
  for (const [form, what] of TELLABLE) {
    const day = dayIn(text, FORMS[form]);
    if (day !== undefined)
      return `it looks like ${what}: write dateFormat: "${form}" beside the path if every row has it so, or export dates as YYYY-MM-DD, this one as ${day}`;
  }
  for (const [form, what, iso] of OTHERS) {
    const match = form.exec(text);
    const day = match ? iso(match.slice(1)) : undefined;
    if (day !== undefined)
      return `it looks like ${what}: export dates as YYYY-MM-DD, this one as ${day}`;
  }
  return undefined;
}
