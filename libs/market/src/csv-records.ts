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
    throw cause instanceof CsvError ? unreadable(cause, file) : cause;
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

function unreadable(cause: CsvError, file: string): MarketError {
  const tooLong = cause.code === "CSV_MAX_RECORD_SIZE";
  const line = typeof cause["lines"] === "number" ? ` line ${cause["lines"]}` : "";
  return new MarketError({
    code: tooLong ? "E_LIMIT" : "E_INVALID",
    class: "spec",
    where: `${file}${line}`,
    value: cause.code,
    rule: tooLong
      ? `at most ${LIMITS.lineCharacters} characters a line`
      : "values between delimiters, with quotes only around a whole value",
    action: "correct the line, or export the file again",
    cause,
  });
}
