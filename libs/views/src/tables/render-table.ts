import { cutTo, printable } from "@baton/text/printable";

/** A column. */
export interface Column {
  readonly heading: string;
  /** Left out where the others alone fill the terminal. */
  readonly wide?: true;
}

/** Blanks between two columns. */
const GAP = "  ";
/** The last column isn't cut shorter than this, however narrow the terminal. */
const LAST_MIN = 20;
/** On a terminal as wide as this a line that wraps is easier to read than a row of several lines. */
const WIDE_ENOUGH = 80;

/**
 * Rows under headings, one line each, in `width` columns of a terminal. The last column takes what is left and is cut
 * there; everything is made safe to print. Where the columns before it don't fit, the wide ones are left out, and where that
 * isn't enough on a narrow terminal, each row is a few lines with the headings before its cells.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string {
  const all = layOut(columns, rows);
  if (all.taken <= width) return renderLines(all, width);
  const narrow = layOut(
    columns.filter(({ wide }) => wide !== true),
    rows.map((row) => row.filter((_, index) => columns[index]?.wide !== true)),
  );
  const fits = narrow.taken <= width || width >= WIDE_ENOUGH;
  return fits ? renderLines(narrow, width) : renderRecords(narrow);
}

interface Layout {
  readonly headings: readonly string[];
  readonly cells: readonly (readonly string[])[];
  readonly widths: readonly number[];
  /** By all columns but the last. */
  readonly taken: number;
}

function layOut(columns: readonly Column[], rows: readonly (readonly string[])[]): Layout {
  const headings = columns.map(({ heading }) => heading);
  const cells = rows.map((row) => headings.map((_, index) => printable(row[index] ?? "")));
  const widths = headings.map((heading, index) =>
    // Not Math.max over a spread: a list may have more rows than a call takes arguments.
    cells.reduce((widest, row) => Math.max(widest, row[index]?.length ?? 0), heading.length),
  );
  const taken = widths.slice(0, -1).reduce((sum, one) => sum + one + GAP.length, 0);
  return { headings, cells, widths, taken };
}

function renderLines({ headings, cells, widths, taken }: Layout, width: number): string {
  const rest = Math.max(LAST_MIN, width - taken);
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) =>
        index === row.length - 1 ? cutTo(cell, rest) : cell.padEnd(widths[index] ?? 0),
      )
      .join(GAP)
      .trimEnd();
  return `${[headings, ...cells].map(line).join("\n")}\n`;
}

function renderRecords({ headings, cells }: Layout): string {
  const widest = Math.max(...headings.map(({ length }) => length));
  const record = (row: readonly string[]): string =>
    row
      .map((cell, index) => `${(headings[index] ?? "").padEnd(widest)}${GAP}${cell}`.trimEnd())
      .join("\n");
  return `${cells.map(record).join("\n\n")}\n`;
}
