import { expect, test } from "vitest";

import { renderTable } from "./render-table.ts";

const columns = [{ heading: "ID" }, { heading: "NAME" }, { heading: "DETAIL" }];

test("columns are as wide as their widest text, and no line ends in blanks", () => {
  const text = renderTable(
    columns,
    [
      ["a", "long name", "x"],
      ["bcd", "n", ""],
    ],
    80,
  );
  expect(text).toBe("ID   NAME       DETAIL\na    long name  x\nbcd  n\n");
});

test("the last column is cut where the terminal ends", () => {
  const text = renderTable(columns, [["a", "b", "x".repeat(100)]], 40);
  expect(text.split("\n")[1]).toHaveLength(40);
  expect(text).toContain("x…");
});

test("a cell stays one line and can't command the terminal", () => {
  const text = renderTable(columns, [["a", "two\nlines", "\u001b[2J"]], 80);
  expect(text.split("\n")).toHaveLength(3);
  expect(text).toContain("two lines");
  expect(text).toContain("\\u001b[2J");
});

test("a column with a limit is cut there", () => {
  const text = renderTable([{ heading: "A", max: 4 }, { heading: "B" }], [["abcdefgh", "x"]], 80);
  expect(text).toBe("A     B\nabc…  x\n");
});
