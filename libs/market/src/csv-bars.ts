import type { FileRow } from "./comparable-prices.ts";
import {
  type Cell,
  type DateForm,
  dateFormOf,
  isEmpty,
  readDate,
  readPrice,
  readVolume,
  refuseCell,
} from "./csv-cells.ts";
import { type ColumnName, type Columns, findColumns } from "./csv-columns.ts";
import { type CsvRecord, readRecords } from "./csv-records.ts";
import { MarketError } from "./market-error.ts";
import { decodeUtf8 } from "./utf8.ts";

/** The rows of a file, and the share of empty cells among the columns read. */
export type CsvBars = { readonly rows: readonly FileRow[]; readonly nullRate: number };

/** What the rows of one file have in common. */
type Layout = {
  readonly file: string;
  readonly columns: Columns;
  readonly width: number;
  readonly dateForm: DateForm;
};

/**
 * Reads bars from CSV bytes: UTF-8, a header, dates ascending. `file` is what errors call it.
 * Throws a `MarketError` of class spec at the first thing wrong, with line, column and value;
 * no row is ever dropped or mended.
 */
export function readBars(bytes: Uint8Array, file: string): CsvBars {
  const [header, ...records] = readRecords(decodeUtf8(bytes, file), file);
  const found = findColumns(header?.fields ?? [], file);
  const columns = withoutEmpty("adjclose", found, records);
  const layout = layoutOf(records, { file, columns, width: header?.fields.length ?? 0 });
  const bars: FileRow[] = [];
  let nulls = 0;
  for (const record of records) {
    const cell = cellReader(record, layout);
    const bar = readBar(cell, layout);
    requireLater(cell("date"), bar.date, bars.at(-1)?.date);
    bars.push(bar);
    nulls += [...columns.keys()].filter((column) => isEmpty(cell(column))).length;
  }
  return { rows: bars, nullRate: nulls / (bars.length * columns.size) };
}

function layoutOf(records: readonly CsvRecord[], known: Omit<Layout, "dateForm">): Layout {
  const [first] = records;
  if (first === undefined) {
    throw new MarketError({
      code: "E_INVALID",
      class: "spec",
      where: known.file,
      value: "no rows",
      rule: "at least one row below the header",
      next: "export the file again",
    });
  }
  const date = first.fields[known.columns.get("date") ?? 0] ?? "";
  // A first date in neither form is refused as a cell, with its place, when its row is read.
  return { ...known, dateForm: dateFormOf(date) ?? "YYYY-MM-DD" };
}

/** A column that holds nothing in any row is none. */
function withoutEmpty(name: ColumnName, columns: Columns, records: readonly CsvRecord[]): Columns {
  const index = columns.get(name);
  const held = ({ fields }: CsvRecord) =>
    index !== undefined && !isEmpty({ text: fields[index] ?? "" });
  if (index === undefined || records.some(held)) return columns;
  return new Map([...columns].filter(([column]) => column !== name));
}

type CellReader = (column: ColumnName) => Cell;

function cellReader({ fields, line }: CsvRecord, { file, columns, width }: Layout): CellReader {
  if (fields.length !== width) {
    throw new MarketError({
      code: "E_INVALID",
      class: "spec",
      where: `${file} line ${line}`,
      value: fields.join(","),
      rule: `${width} values, as many as the header has`,
      next: "correct the row or take it out of the file",
    });
  }
  return (column) => {
    const index = columns.get(column) ?? 0;
    return { file, line, column, position: index + 1, text: fields[index] ?? "" };
  };
}

function readBar(cell: CellReader, { columns, dateForm }: Layout): FileRow {
  const bar = {
    date: readDate(cell("date"), dateForm),
    open: readPrice(cell("open")),
    high: readPrice(cell("high")),
    low: readPrice(cell("low")),
    close: readPrice(cell("close")),
    volume: columns.has("volume") && !isEmpty(cell("volume")) ? readVolume(cell("volume")) : 0,
    adjustedClose: columns.has("adjclose") ? readAdjusted(cell("adjclose")) : undefined,
  };
  const { open, high, low, close } = bar;
  if (high < Math.max(open, low, close)) throw refuseCell(cell("high"), "the day's highest price");
  if (low > Math.min(open, close)) throw refuseCell(cell("low"), "the day's lowest price");
  return bar;
}

/** Rows with and without an adjusted close can't be compared: all have one, or none. */
function readAdjusted(cell: Cell): number {
  if (isEmpty(cell)) throw refuseCell(cell, "an adjusted close in every row, or in none");
  return readPrice(cell);
}

function requireLater(cell: Cell, date: string, previous: string | undefined): void {
  if (previous === undefined || date > previous) return;
  throw refuseCell(
    cell,
    date === previous
      ? "one row per date (the row before has this one too)"
      : `ascending dates (the row before is of ${previous})`,
  );
}
