import { LIMITS } from "./limits.ts";
import { MarketError } from "./market-error.ts";

/** A column that is read; others in the file are left alone. */
export type ColumnName = "date" | "open" | "high" | "low" | "close" | "adjclose" | "volume";

/** Where each column stands in a record, counted from 0. */
export type Columns = ReadonlyMap<ColumnName, number>;

const REQUIRED: readonly ColumnName[] = ["date", "open", "high", "low", "close"];
const OPTIONAL: readonly ColumnName[] = ["adjclose", "volume"];

/**
 * Finds the columns by name, whatever their case and order; "Adj Close", "adj_close" and "adjclose" are one.
 * Throws E_INVALID if one is missing or named twice, E_LIMIT if there are too many.
 */
export function findColumns(header: readonly string[], where: string): Columns {
  if (header.length > LIMITS.columns) {
    throw new MarketError({
      code: "E_LIMIT",
      class: "spec",
      where: `${where} line 1`,
      value: header.length,
      rule: `at most ${LIMITS.columns} columns`,
      next: "keep only the columns that are needed",
    });
  }
  const names = header.map((name) =>
    name
      .trim()
      .toLowerCase()
      .replaceAll(/[\s_-]/g, ""),
  );
  const columns = new Map<ColumnName, number>();
  for (const column of [...REQUIRED, ...OPTIONAL]) {
    const index = names.indexOf(column);
    const twice = index !== -1 && names.indexOf(column, index + 1) !== -1;
    if (twice || (index === -1 && REQUIRED.includes(column))) {
      throw new MarketError({
        code: "E_INVALID",
        class: "spec",
        where: `${where} line 1`,
        value: header.join(","),
        rule: `a header with one column "${column}"`,
        next: twice
          ? "remove the second one"
          : `name the columns ${REQUIRED.join(", ")}; ${OPTIONAL.join(" and ")} may be missing`,
      });
    }
    if (index !== -1) columns.set(column, index);
  }
  return columns;
}
