/** How a user's CSV is written, where it isn't as Baton takes files: a specification's `csv` tells it beside `path`. */
import { z } from "zod";

/** A column's name in a file's header. */
const Header = z
  .string()
  .regex(/^[^\p{C}\p{Zl}\p{Zp}]{1,100}$/u, "1 to 100 printable characters, as in the header");

/** How a date may be written; the last has a time of day, which is left out. */
export const CsvDateFormat = z.enum([
  "YYYY-MM-DD",
  "YYYY/MM/DD",
  "YYYY.MM.DD",
  "YYYYMMDD",
  "DD.MM.YYYY",
  "DD/MM/YYYY",
  "DD-MM-YYYY",
  "MM/DD/YYYY",
  "YYYY-MM-DDThh:mm",
]);
export type CsvDateFormat = z.infer<typeof CsvDateFormat>;

/** What stands between values. */
export const CsvDelimiter = z.enum([",", ";", "tab", "|"]);
export type CsvDelimiter = z.infer<typeof CsvDelimiter>;

/** How a file is written. What isn't told is as always: see each key. */
export const CsvFormat = z.strictObject({
  /** What the header calls each column; one that isn't told is found by its usual name. */
  columns: z
    .strictObject({
      date: Header.optional(),
      open: Header.optional(),
      high: Header.optional(),
      low: Header.optional(),
      close: Header.optional(),
      adjclose: Header.optional(),
      volume: Header.optional(),
    })
    .optional(),
  /** How every date is written; if not told, `YYYY-MM-DD` or `MM/DD/YYYY`, as the first row has it. */
  dateFormat: CsvDateFormat.optional(),
  /** What stands before decimals; a point if not told. */
  decimal: z.enum([".", ","]).optional(),
  /** A comma if not told. */
  delimiter: CsvDelimiter.optional(),
  /** How rows follow one another; the oldest first if not told. */
  order: z.enum(["oldest-first", "newest-first"]).optional(),
});
export type CsvFormat = z.infer<typeof CsvFormat>;

/** What was told of a file's format, without what else was said about it; undefined if nothing was. */
export function toldFormat(said: CsvFormat): CsvFormat | undefined {
  const { columns, dateFormat, decimal, delimiter, order } = said;
  const told: CsvFormat = {
    ...(columns && { columns }),
    ...(dateFormat && { dateFormat }),
    ...(decimal && { decimal }),
    ...(delimiter && { delimiter }),
    ...(order && { order }),
  };
  return Object.keys(told).length === 0 ? undefined : told;
}
