import { cutTo, printable } from "./printable.ts";

/** A column. */
export interface Column {
  readonly heading: string;
}

/** Blanks between two columns. */
const GAP = "  ";
/** The last column isn't cut shorter than this, however narrow the terminal. */
const LAST_MIN = 20;

/**
 * Rows under headings, one line each, in `width` columns of a terminal. The last column takes what is left and is cut
 * there; everything is made safe to print.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string {
  const headings = columns.map(({ heading }) => heading);
  const cells = rows.map((row) => headings.map((_, index) => printable(row[index] ?? "")));
  const widths = headings.map((heading, index) =>
    // Not Math.max over a spread: a list may have more rows than a call takes arguments.
    cells.reduce((widest, row) => Math.max(widest, row[index]?.length ?? 0), heading.length),
  );
  const taken = widths.slice(0, -1).reduce((sum, one) => sum + one + GAP.length, 0);
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
