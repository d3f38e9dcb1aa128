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
  expect(renderTable(columns, [row], 10).split("\n")[1]).toMatch(/x{19}…$/);
});

test("where the columns don't fit, the wide ones are left out first", () => {
  const wide = [{ heading: "ID" }, { heading: "RUN", wide: true as const }, { heading: "DETAIL" }];
  const rows = [["cand-1", "run-0123456789ab", "waits"]];
  expect(renderTable(wide, rows, 80)).toBe(
    "ID      RUN               DETAIL\ncand-1  run-0123456789ab  waits\n",
  );
  expect(renderTable(wide, rows, 20)).toBe("ID      DETAIL\ncand-1  waits\n");
});

test("on a terminal narrower than that, each row is a few lines, nothing cut", () => {
  const rows = [
    ["cand-1f2e3d4c5b6a", "promotion-prerequisites", "waits for the lane"],
    ["cand-2", "live-ramp", ""],
  ];
  expect(renderTable(columns, rows, 40)).toBe(
    "ID      cand-1f2e3d4c5b6a\nNAME    promotion-prerequisites\nDETAIL  waits for the lane\n\n" +
      "ID      cand-2\nNAME    live-ramp\nDETAIL\n",
  );
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
