import { dateFormOf } from "./csv-dates.ts";
import { LIMITS } from "./limits.ts";
import { type Faults, MarketError, requireNone } from "./market-error.ts";

/** A column that is read; others in the file are left alone. */
export type ColumnName = "date" | "open" | "high" | "low" | "close" | "adjclose" | "volume";

/** Where each column stands in a record, counted from 0. */
export type Columns = ReadonlyMap<ColumnName, number>;

const REQUIRED: readonly ColumnName[] = ["date", "open", "high", "low", "close"];
const OPTIONAL: readonly ColumnName[] = ["adjclose", "volume"];

/**
 * Finds the columns by name, whatever their case and order; "Adj Close", "adj_close" and "adjclose" are one. `top` is the
 * header and the two records below it. Throws E_INVALID that names every one that is missing or named twice, E_LIMIT if
 * there are too many.
 */
export function findColumns(top: readonly (readonly string[])[], where: string): Columns {
  const [header = []] = top;
  if (header.length > LIMITS.columns)
    throw new MarketError({
      code: "E_LIMIT",
      class: "spec",
      where: `${where} line 1`,
      value: header.length,
      rule: `at most ${LIMITS.columns} columns`,
      next: "keep only the columns that are needed",
    });
  const names = header.map(plain);
  requireOneHeader(top, where);
  const faults: Faults = { found: [] };
  const columns = new Map<ColumnName, number>();
  for (const column of [...REQUIRED, ...OPTIONAL]) {
    const index = names.indexOf(column);
    const twice = index !== -1 && names.indexOf(column, index + 1) !== -1;
    if (twice || (index === -1 && REQUIRED.includes(column)))
      faults.found.push(
        refused(where, header, {
          rule: `a header with one column "${column}"`,
          next: twice
            ? "remove the second one"
            : `name the columns ${REQUIRED.join(", ")}; ${OPTIONAL.join(" and ")} may be missing`,
        }),
      );
    else if (index !== -1) columns.set(column, index);
  }
  requireNone(faults);
  return columns;
}

const plain = (name: string) =>
  name
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]/g, "");

/** Refuses what stands where a header should by what it looks like. */
function requireOneHeader(top: readonly (readonly string[])[], where: string): void {
  const [header = [], second = [], third = []] = top;
  const names = header.map(plain);
  if (names.includes("date") || header.length === 0) return;
  if (plain(second[0] ?? "") === "ticker" || plain(third[0] ?? "") === "date")
    throw refused(where, header, {
      rule: "one header line; these look like the three that yfinance writes",
      next: `make the first line ${["Date", ...header.slice(1)].join(",")} and take lines 2 and 3 out`,
    });
  if (dateFormOf(header[0] ?? "") !== undefined)
    throw refused(where, header, {
      rule: "a header with the columns' names; this looks like a row of prices",
      next: `put a line ${REQUIRED.join(",")} on top, in the order of your columns`,
    });
  if (!REQUIRED.some((column) => names.includes(column)))
    throw refused(where, header, {
      rule: "a header with the columns' names; this looks like a message or a title",
      next: "open the file and see what it says: download it again, or take out the lines above the header",
    });
}

function refused(
  where: string,
  header: readonly string[],
  detail: { readonly rule: string; readonly next: string },
): MarketError {
  return new MarketError({
    code: "E_INVALID",
    class: "spec",
    where: `${where} line 1`,
    value: header.join(","),
    ...detail,
  });
}
