/** Whether a text is a table of separated values at all, and if not, what it looks like. */
import { CsvDelimiter } from "@baton/artifacts";

import { MarketError } from "./market-error.ts";

/** What files are that were meant to be a CSV, by how they begin. */
const OTHERS: readonly (readonly [begins: RegExp, what: string])[] = [
  // Names in brackets are a header's: <DATE>,<OPEN>.
  [/^\s*<(?!\w+>[,;\t|])/, "a web page (HTML) or XML"],
  [/^\s*[{[]/, "JSON"],
];

/** First bytes of files that aren't text. */
const ARCHIVES: readonly (readonly [begins: readonly number[], what: string])[] = [
  [[0x50, 0x4b, 3, 4], "a spreadsheet (.xlsx) or another zipped file"],
  [[0xd0, 0xcf, 0x11, 0xe0], "a spreadsheet (.xls)"],
  [[0x1f, 0x8b], "a file packed with gzip"],
];

/** Throws E_INVALID for a spreadsheet or an archive under the name of a CSV. */
export function requireNoArchive(bytes: Uint8Array, file: string): void {
  const found = ARCHIVES.find(([begins]) => begins.every((byte, index) => bytes[index] === byte));
  if (!found) return;
  throw notATable(file, `${bytes.length} bytes`, {
    rule: `text with values between commas; this looks like ${found[1]}`,
    action: "unpack it, or export the sheet as CSV in UTF-8",
  });
}

/** Throws E_INVALID for a page or a JSON answer under the name of a CSV, and for other separators than `told`. */
export function requireTable(text: string, file: string, told: CsvDelimiter = ","): void {
  const [line = ""] = text.trimStart().split(/\r?\n|\r/, 1);
  const other = OTHERS.find(([begins]) => begins.test(text));
  if (other)
    throw notATable(file, line, {
      rule: `a table of values between delimiters; this looks like ${other[1]}`,
      action:
        "open it and see what it says (often an error or a request to sign in), then download the CSV again",
    });
  const seen = CsvDelimiter.options.find((mark) => split(line, mark) > 3);
  if (seen === undefined || split(line, told) > 1) return;
  const comma = seen === "," ? "" : ', and decimal: "," if its numbers have decimal commas';
  throw notATable(file, line, {
    rule: `values between ${shown(told)}; here they seem to stand between ${shown(seen)}`,
    action: `write delimiter: "${seen}" beside the path${comma}`,
  });
}

const markOf = (delimiter: CsvDelimiter) => (delimiter === "tab" ? "\t" : delimiter);
const split = (line: string, delimiter: CsvDelimiter) => line.split(markOf(delimiter)).length;
const shown = (delimiter: CsvDelimiter) =>
  delimiter === "," ? "commas" : JSON.stringify(markOf(delimiter));

function notATable(
  file: string,
  value: string,
  detail: { readonly rule: string; readonly action: string },
): MarketError {
  return new MarketError({
    code: "E_INVALID",
    class: "spec",
    where: `${file} line 1`,
    value,
    ...detail,
  });
}
