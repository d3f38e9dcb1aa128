import type { FileRow } from "./comparable-prices.ts";
import { type Cell, isEmpty, readPrice, readVolume, refuseCell } from "./csv-cells.ts";
import { type ColumnName, type Columns, findColumns } from "./csv-columns.ts";
import { type DateForm, dateFormOf, readDate } from "./csv-dates.ts";
import { type CsvRecord, readRecords } from "./csv-records.ts";
import { requireNoArchive, requireTable } from "./csv-table.ts";
import { type Faults, MarketError, MAX_FAULTS, noting, requireNone } from "./market-error.ts";
import { decodeUtf8 } from "./utf8.ts";

/** The rows of a file, and the share of empty cells among the columns read. */
export type CsvBars = { readonly rows: readonly FileRow[]; readonly nullRate: number };

/** What the rows of one file have in common. */
type Layout = {
  readonly file: string;
  readonly columns: Columns;
  readonly width: number;
  /** Undefined: the first row's date is in no form that is read. */
  readonly dateForm: DateForm | undefined;
};

/**
 * Reads bars from CSV bytes: UTF-8, a header, dates ascending. `file` is what errors call it.
 * Throws a `MarketError` of class spec that names the first twenty wrong places, with line, column and value;
 * no row is ever dropped or mended.
 */
export function readBars(bytes: Uint8Array, file: string): CsvBars {
  requireNoArchive(bytes, file);
  const text = decodeUtf8(bytes, file);
  requireTable(text, file);
  const [header, ...records] = readRecords(text, file);
  const found = findColumns(
    [header, ...records.slice(0, 2)].map((record) => record?.fields ?? []),
    file,
  );
  const columns = withoutEmpty("adjclose", found, records);
  const layout = layoutOf(records, { file, columns, width: header?.fields.length ?? 0 });
  const faults: Faults = { found: [] };
  const order: Order = { latest: undefined, broken: false };
  const bars: FileRow[] = [];
  let nulls = 0;
  for (const record of records) {
    if (faults.found.length >= MAX_FAULTS) break;
    const cell = noting(faults, () => cellReader(record, layout));
    const bar = cell && readBar(cell, layout, { faults, order });
    if (bar) bars.push(bar);
    if (cell) nulls += [...columns.keys()].filter((column) => isEmpty(cell(column))).length;
  }
  requireNone(faults);
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
  return { ...known, dateForm: dateFormOf(date) };
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

/** The latest date so far, and whether one before it was named: after one row out of place all others seem to be. */
type Order = { latest: string | undefined; broken: boolean };

/** The row; undefined if anything in it is wrong, which is noted. */
function readBar(
  cell: CellReader,
  { columns, dateForm }: Layout,
  { faults, order }: { readonly faults: Faults; readonly order: Order },
): FileRow | undefined {
  const date = noting(faults, () => readDate(cell("date"), dateForm));
  if (date !== undefined) noting(faults, () => requireLater(cell("date"), date, order));
  const price = (column: ColumnName) => noting(faults, () => readPrice(cell(column)));
  const [open, high, low, close] = [price("open"), price("high"), price("low"), price("close")];
  const holdsVolume = columns.has("volume") && !isEmpty(cell("volume"));
  const volume = holdsVolume ? noting(faults, () => readVolume(cell("volume"))) : 0;
  const adjustedClose = columns.has("adjclose")
    ? noting(faults, () => readAdjusted(cell("adjclose")))
    : undefined;
  if (open === undefined || high === undefined || low === undefined || close === undefined)
    return undefined;
  noting(faults, () => {
    if (high < Math.max(open, low, close))
      throw refuseCell(cell("high"), "the day's highest price");
    if (low > Math.min(open, close)) throw refuseCell(cell("low"), "the day's lowest price");
  });
  if (date === undefined || volume === undefined) return undefined;
  return { date, open, high, low, close, volume, adjustedClose };
}

/** Rows with and without an adjusted close can't be compared: all have one, or none. */
function readAdjusted(cell: Cell): number {
  if (isEmpty(cell)) throw refuseCell(cell, "an adjusted close in every row, or in none");
  return readPrice(cell);
}

function requireLater(cell: Cell, date: string, order: Order): void {
  const { latest } = order;
  if (latest === undefined || date > latest) {
    order.latest = date;
    return;
  }
  if (date === latest) throw refuseCell(cell, "one row per date (a row before has this one too)");
  if (order.broken) return;
  order.broken = true;
  throw refuseCell(
    cell,
    `ascending dates (a row before is of ${latest})`,
    "sort the rows by date, the oldest first, or correct the date that is out of place",
  );
}
