import type { CsvFormat } from "@baton/artifacts";

import type { FileRow } from "./comparable-prices.ts";
import { type Cell, isEmpty, readPrice, readVolume, refuseCell } from "./csv-cells.ts";
import { type ColumnName, type Columns, findColumns } from "./csv-columns.ts";
import { type DateForm, dateFormOf, readDate } from "./csv-dates.ts";
import { type CsvRecord, readRecords } from "./csv-records.ts";
import { requireNoArchive, requireTable } from "./csv-table.ts";
import { type Faults, MarketError, MAX_FAULTS, noting, requireNone } from "./market-error.ts";
import { decodeUtf8 } from "./utf8.ts";

/** The rows of a file, the share of empty cells among the columns read, and the names of those that weren't. */
export type CsvBars = {
  readonly rows: readonly FileRow[];
  readonly nullRate: number;
  readonly ignoredColumns: readonly string[];
};

/** What the rows of one file have in common. */
type Layout = {
  readonly file: string;
  readonly columns: Columns;
  readonly width: number;
  /** Undefined: none is told, and the first row's date is in no form that is read. */
  readonly dateForm: DateForm | undefined;
  readonly format: CsvFormat;
};

/**
 * Reads bars from CSV bytes: UTF-8, a header, dates ascending; where `format` tells otherwise, so. The rows that are
 * answered ascend. `file` is what errors call it.
 * Throws a `MarketError` of class spec that names the first twenty wrong places, with line, column and value;
 * no row is ever dropped or mended.
 */
export function readBars(bytes: Uint8Array, file: string, format: CsvFormat = {}): CsvBars {
  requireNoContradiction(format, file);
  requireNoArchive(bytes, file);
  const text = decodeUtf8(bytes, file);
  requireTable(text, file, format.delimiter);
  const [header, ...records] = readRecords(text, file, format.delimiter);
  const found = findColumns(
    [header, ...records.slice(0, 2)].map((record) => record?.fields ?? []),
    file,
    format.columns,
  );
  const columns = withoutEmpty("adjclose", found, records);
  const layout = layoutOf(records, {
    file,
    columns,
    width: header?.fields.length ?? 0,
    format,
  });
  const faults: Faults = { found: [] };
  const order: Order = { last: undefined, broken: false };
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
  if (format.order === "newest-first") bars.reverse();
  const read = new Set(columns.values());
  const ignoredColumns = (header?.fields ?? []).filter((_, index) => !read.has(index));
  return { rows: bars, nullRate: nulls / (bars.length * columns.size), ignoredColumns };
}

/** A comma can't both part values and stand in numbers: "1,5" would be two values or one. */
function requireNoContradiction({ decimal, delimiter = "," }: CsvFormat, file: string): void {
  if (decimal !== "," || delimiter !== ",") return;
  throw new MarketError({
    code: "E_INVALID",
    class: "spec",
    where: `${file}: csv.decimal`,
    value: decimal,
    rule: 'decimal: "," only beside another delimiter than ",", which is the one where none is told',
    action: 'write the file\'s delimiter beside the path, e.g. delimiter: ";", or take decimal out',
  });
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
      action: "export the file again",
    });
  }
  const { dateFormat: form } = known.format;
  if (form !== undefined) return { ...known, dateForm: { form, told: true } };
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
      action: "correct the row or take it out of the file",
    });
  }
  return (column) => {
    const index = columns.get(column) ?? 0;
    return { file, line, column, position: index + 1, text: fields[index] ?? "" };
  };
}

/** The date of the row before, and whether one before it was named: after one row out of place all others seem to be. */
type Order = { last: string | undefined; broken: boolean };

/** The row; undefined if anything in it is wrong, which is noted. */
function readBar(
  cell: CellReader,
  { columns, dateForm, format }: Layout,
  { faults, order }: { readonly faults: Faults; readonly order: Order },
): FileRow | undefined {
  const date = noting(faults, () => readDate(cell("date"), dateForm));
  if (date !== undefined)
    noting(faults, () => requireInOrder(cell("date"), date, { order, format }));
  const price = (column: ColumnName) => noting(faults, () => readPrice(cell(column), format));
  const [open, high, low, close] = [price("open"), price("high"), price("low"), price("close")];
  const holdsVolume = columns.has("volume") && !isEmpty(cell("volume"));
  const volume = holdsVolume ? noting(faults, () => readVolume(cell("volume"), format)) : 0;
  const adjustedClose = columns.has("adjclose")
    ? noting(faults, () => readAdjusted(cell("adjclose"), format))
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
function readAdjusted(cell: Cell, format: CsvFormat): number {
  if (isEmpty(cell)) throw refuseCell(cell, "an adjusted close in every row, or in none");
  return readPrice(cell, format);
}

function requireInOrder(
  cell: Cell,
  date: string,
  { order, format }: { readonly order: Order; readonly format: CsvFormat },
): void {
  const { last } = order;
  const newestFirst = format.order === "newest-first";
  if (last === undefined || (newestFirst ? date < last : date > last)) {
    order.last = date;
    return;
  }
  if (date === last) throw refuseCell(cell, "one row per date (a row before has this one too)");
  if (order.broken) return;
  order.broken = true;
  if (newestFirst)
    throw refuseCell(
      cell,
      `descending dates, as csv.order says (a row before is of ${last})`,
      "take order out of csv if the oldest row is the first, or correct the date that is out of place",
    );
  throw refuseCell(
    cell,
    `ascending dates (a row before is of ${last})`,
    'sort the rows by date, the oldest first, or write order: "newest-first" beside the path if they all stand so, or correct the date that is out of place',
  );
}
