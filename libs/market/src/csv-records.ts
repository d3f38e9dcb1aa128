import type { CsvDelimiter } from "@baton/artifacts";
import { CsvError, parse } from "csv-parse/sync";

import { LIMITS } from "./limits.ts";
import { MarketError } from "./market-error.ts";

/** The fields of one record, trimmed, and the line of the file on which it ends. */
export type CsvRecord = { readonly fields: readonly string[]; readonly line: number };

/**
 * Splits text with `delimiter` between values into records, blank lines left out; the first one is the header.
 * Throws E_LIMIT beyond the limits on rows and line length, E_INVALID on quotes that don't match.
 */
export function readRecords(
  text: string,
  file: string,
  delimiter: CsvDelimiter = ",",
): CsvRecord[] {
  const records: CsvRecord[] = [];
  try {
    parse(text, {
      delimiter: delimiter === "tab" ? "\t" : delimiter,
      relax_column_count: true,
      // Files that were put together from several have more than one.
      record_delimiter: ["\r\n", "\n", "\r"],
      skip_empty_lines: true,
      trim: true,
      max_record_size: LIMITS.lineCharacters,
      on_record: (fields: string[], { lines: line }) => {
        // The header is one more; stopping here keeps a huge file from filling the memory.
        if (records.length > LIMITS.rows) throw tooManyRows(file, line);
        records.push({ fields, line });
        return null;
      },
    });
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw (
      unclosedQuote({ cause, text, file, after: records.at(-1)?.line ?? 0 }) ??
      unreadable(cause, file)
    );
  }
  return records;
}

function tooManyRows(file: string, line: number): MarketError {
  return new MarketError({
    code: "E_LIMIT",
    class: "spec",
    where: `${file} line ${line}`,
    value: `row ${LIMITS.rows + 1}`,
    rule: `at most ${LIMITS.rows} rows`,
    action: "cut the file to a shorter range",
  });
}

/** Only a quote makes a record of several lines; one that swallows the rest of a file was never closed. */
function unclosedQuote(of: {
  readonly cause: CsvError;
  readonly text: string;
  readonly file: string;
  /** The line on which the last good record ends. */
  readonly after: number;
}): MarketError | undefined {
  const { cause, text, file, after } = of;
  if (cause.code !== "CSV_MAX_RECORD_SIZE" && cause.code !== "CSV_QUOTE_NOT_CLOSED")
    return undefined;
  const lines = text.split(/\r\n|\n|\r/, LIMITS.rows + 2);
  const from = lines.findIndex((line, index) => index >= after && line.trim() !== "");
  const begins = lines[from] ?? "";
  if (!begins.includes('"') || begins.length > LIMITS.lineCharacters) return undefined;
  return new MarketError({
    code: "E_INVALID",
    class: "spec",
    where: `${file} line ${from + 1}`,
    value: begins,
    rule: "quotes in pairs, around whole values; here one is opened and not closed",
    action: "close the quote or take it out, or export the file again",
    cause,
  });
}

function unreadable(cause: CsvError, file: string): MarketError {
  const tooLong = cause.code === "CSV_MAX_RECORD_SIZE";
  const line = typeof cause["lines"] === "number" ? ` line ${cause["lines"]}` : "";
  return new MarketError({
    code: tooLong ? "E_LIMIT" : "E_INVALID",
    class: "spec",
    where: `${file}${line}`,
    value: tooLong ? "a longer line" : cause.message.slice(0, 100),
    rule: tooLong
      ? `at most ${LIMITS.lineCharacters} characters a line`
      : "values between delimiters, with quotes only around a whole value",
    action: "correct the line, or export the file again",
    cause,
  });
}
