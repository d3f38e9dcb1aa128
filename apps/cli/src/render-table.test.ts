import { expect, test } from "vitest";

import { renderTable } from "./render-table.ts";

const columns = [{ heading: "ID" }, { heading: "NAME" }, { heading: "DETAIL" }];

test("columns are as wide as their widest text, and no line ends in blanks", () => {
  const rows = [
    ["a", "long name", "x"],
    ["bcd", "n", ""],
  ];
  expect(renderTable(columns, rows, 80)).toBe(
    "ID   NAME       DETAIL\na    long name  x\nbcd  n\n",
  );
});

test("the last column is cut where the terminal ends, but not to nothing", () => {
  const row = ["a", "b", "x".repeat(100)];
  expect(renderTable(columns, [row], 40).split("\n")[1]).toHaveLength(40);
  expect(renderTable(columns, [row], 5).split("\n")[1]).toMatch(/x{19}…$/);
});

test("a cell stays one line and can't command the terminal", () => {
  const text = renderTable(columns, [["a", "two\nlines", "\u001b[2J"]], 80);
  expect(text.split("\n")).toHaveLength(3);
  expect(text).toContain("two lines");
  expect(text).toContain("\\u001b[2J");
});

test("a row that is too short has empty cells", () => {
  expect(renderTable(columns, [["a"]], 80)).toBe("ID  NAME  DETAIL\na\n");
});

test("a list of a quarter of a million rows is no trouble", () => {
  const rows = Array.from({ length: 250_000 }, (_, index) => [String(index), "n", "d"]);
  expect(renderTable(columns, rows, 80)).toMatch(/^249999  n +d$/m);
});
