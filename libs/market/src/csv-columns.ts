import type { CsvFormat } from "@baton/artifacts";

import { isDate } from "./csv-dates.ts";
import { LIMITS } from "./limits.ts";
import { type Faults, MarketError, requireNone } from "./market-error.ts";

/** A column that is read; others in the file are left alone. */
export type ColumnName = "date" | "open" | "high" | "low" | "close" | "adjclose" | "volume";

/** Where each column stands in a record, counted from 0. */
export type Columns = ReadonlyMap<ColumnName, number>;

const REQUIRED: readonly ColumnName[] = ["date", "open", "high", "low", "close"];
const OPTIONAL: readonly ColumnName[] = ["adjclose", "volume"];

/** What the header calls columns, where its user said so. */
type Told = NonNullable<CsvFormat["columns"]>;

/**
 * Finds the columns by the names that are told, or their own, whatever their case and order; "Adj Close", "Close (adj)" and
 * "5. adjusted close" are one. `top` is the header and the two records below it. Throws E_INVALID that names every one that is
 * missing, named twice or perhaps an adjusted close, E_LIMIT if there are too many.
 */
export function findColumns(
  top: readonly (readonly string[])[],
  where: string,
  told: Told = {},
): Columns {
  const [header = []] = top;
  if (header.length > LIMITS.columns)
    throw new MarketError({
      code: "E_LIMIT",
      class: "spec",
      where: `${where} line 1`,
      value: header.length,
      rule: `at most ${LIMITS.columns} columns`,
      action: "keep only the columns that are needed",
    });
  requireOneName(told, where);
  requireVisible(header, where);
  requireOneHeader(top, where, told);
  const names = header.map(plain);
  const claimed = new Set(namesOf(told).map(([, name]) => plain(name)));
  const known = names.map((name) =>
    !claimed.has(name) && ADJUSTED.test(name) ? "adjclose" : name,
  );
  const faults: Faults = { found: [] };
  const columns = new Map<ColumnName, number>();
  for (const column of [...REQUIRED, ...OPTIONAL]) {
    const name = told[column];
    // What a key names is that column and no other, whatever it is called.
    const free = name !== undefined || !claimed.has(column);
    const among = name === undefined ? known : names;
    const index = free ? among.indexOf(plain(name ?? column)) : -1;
    const twice = index !== -1 && among.includes(plain(name ?? column), index + 1);
    const needed = name !== undefined || REQUIRED.includes(column);
    if (twice || (index === -1 && needed))
      faults.found.push(refused(where, header, missing(column, { name, twice })));
    else if (index !== -1) columns.set(column, index);
  }
  const maybe = header.find((_, index) => MAYBE_ADJUSTED.test(names[index] ?? ""));
  if (maybe !== undefined && !columns.has("adjclose") && !claimed.has(plain(maybe)))
    faults.found.push(refused(where, header, unsure(maybe)));
  requireNone(faults);
  return columns;
}

/** What vendors call an adjusted close, as `plain` leaves it. */
const ADJUSTED =
  /^(?:adj(?:usted)?(?:close|closing)(?:price)?|(?:close|closing)(?:price)?adj(?:usted)?)$/;
/** What may be one: a price that is adjusted in a way that the name alone doesn't say. */
const MAYBE_ADJUSTED =
  /^adj(?:usted)?$|adj.*(?:clos|price|last|settle)|(?:clos|price|last|settle).*adj/;

/** A column that is left out silently would make other returns, and one that is taken wrongly, too. */
function unsure(name: string): { readonly rule: string; readonly action: string } {
  const shown = JSON.stringify(name.slice(0, 100));
  return {
    rule: `an adjusted close that is surely one, or none; column ${shown} looks like an adjusted close`,
    action: `write csv.columns: { adjclose: ${shown} } beside the path if it is, or take the column out of the file`,
  };
}

/** Refuses a name that holds what nobody sees: it isn't the name that it looks like. */
function requireVisible(header: readonly string[], where: string): void {
  const index = header.findIndex((name) => UNSEEN.test(name));
  if (index === -1) return;
  throw new MarketError({
    code: "E_INVALID",
    class: "spec",
    where: `${where} line 1, column ${index + 1}`,
    value: header[index],
    rule: "a column's name without invisible characters",
    action: "write the name anew, or export the file again",
  });
}

/** Blanks and line ends apart, which a spreadsheet puts between the words of a name. */
const UNSEEN = /(?!\s)[\p{C}\p{Default_Ignorable_Code_Point}]|\uFEFF/u;

/** What is wrong with a column that isn't there once. */
function missing(
  column: ColumnName,
  { name, twice }: { readonly name: string | undefined; readonly twice: boolean },
): { readonly rule: string; readonly action: string } {
  if (name !== undefined)
    return {
      rule: `a header with one column "${name}", as csv.columns.${column} says`,
      action: twice ? "remove the second one" : "write the name as it stands in the header",
    };
  return {
    rule: `a header with one column "${column}"`,
    action: twice
      ? "remove the second one"
      : `name the columns ${REQUIRED.join(", ")}; ${OPTIONAL.join(" and ")} may be missing. Or ${tell(column)}`,
  };
}

/** How to say what the header calls a column. */
const tell = (column: ColumnName) =>
  `write columns: { ${column}: "its name in the header" } beside the path`;

const namesOf = (told: Told): [key: string, name: string][] =>
  Object.entries(told).flatMap(([key, name]) => (name === undefined ? [] : [[key, name]]));

/** Refuses two keys for one column: prices that repeat one another are made up. */
function requireOneName(told: Told, where: string): void {
  const names = namesOf(told).map(([, name]) => plain(name));
  const again = namesOf(told).find(([, name], index) => names.indexOf(plain(name)) !== index);
  if (!again) return;
  const [column, name] = again;
  throw new MarketError({
    code: "E_INVALID",
    class: "spec",
    where: `${where}: csv.columns.${column}`,
    value: name,
    rule: "a column of its own (a key before names this one too)",
    action: "correct the names in csv.columns",
  });
}

/** A name in small letters without blanks and signs, a number before it ("5. close") and marks of footnotes. */
const plain = (name: string) =>
  name
    .trim()
    .toLowerCase()
    .replace(/^\d+[a-z]?[.)]\s*/, "")
    .replaceAll(/[\s_.*()[\]/:-]/g, "");

/** Refuses what stands where a header should by what it looks like. */
function requireOneHeader(top: readonly (readonly string[])[], where: string, told: Told): void {
  const [header = [], second = [], third = []] = top;
  const names = header.map(plain);
  if (names.includes(plain(told.date ?? "date")) || header.length === 0) return;
  if (plain(second[0] ?? "") === "ticker" || plain(third[0] ?? "") === "date")
    throw refused(where, header, {
      rule: "one header line; these look like the three that yfinance writes",
      action: `make the first line ${["Date", ...header.slice(1)].join(",")} and take lines 2 and 3 out`,
    });
  if (isDate(header[0] ?? ""))
    throw refused(where, header, {
      rule: "a header with the columns' names; this looks like a row of prices",
      action: `put a line ${REQUIRED.join(",")} on top, in the order of your columns`,
    });
  if (!REQUIRED.some((column) => names.includes(plain(told[column] ?? column))))
    throw refused(where, header, {
      rule: "a header with the columns' names; this looks like a message or a title",
      action: `open the file and see what it says: download it again, or take out the lines above the header. If this is the header, ${tell("date")}, and so for every column`,
    });
}

function refused(
  where: string,
  header: readonly string[],
  detail: { readonly rule: string; readonly action: string },
): MarketError {
  return new MarketError({
    code: "E_INVALID",
    class: "spec",
    where: `${where} line 1`,
    value: header.join(","),
    ...detail,
  });
}
