import Table from "cli-table3";

import { cutTo, printable } from "./printable.ts";

/** A column: its heading, and its widest text; longer ones are cut. */
export interface Column {
  readonly heading: string;
  readonly max?: number;
}

const NO_LINES = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
} as const;

/**
 * Rows under headings, one line each, in `width` columns of a terminal. The last column takes what is left and is cut
 * there; everything is made safe to print.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string {
  const cells = rows.map((row) =>
    columns.map(({ max }, index) => cutTo(printable(row[index] ?? ""), max ?? width)),
  );
  const widths = columns.map(({ heading }, index) =>
    Math.max(heading.length, ...cells.map((row) => row[index]?.length ?? 0)),
  );
  const taken = widths.slice(0, -1).reduce((sum, one) => sum + one + 2, 0);
  const rest = Math.max(20, width - taken);
  const table = new Table({
    head: columns.map(({ heading }) => heading),
    chars: NO_LINES,
    style: { head: [], border: [], compact: true, "padding-left": 0, "padding-right": 0 },
  });
  for (const row of cells) {
    table.push([...row.slice(0, -1), cutTo(row.at(-1) ?? "", rest)]);
  }
  return `${table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")}\n`;
}
