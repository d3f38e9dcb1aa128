import { expect, test } from "vitest";

import { cutTo, printable, printableLines, quoted } from "./printable.ts";

test("what a terminal would obey is shown instead", () => {
  expect(printable("\u001b]0;title\u0007")).toBe("\\u001b]0;title\\u0007");
  expect(printable("8-bit \u009b31m")).toBe("8-bit \\u009b31m");
});

test("marks that turn text around or can't be seen are shown", () => {
  expect(printable("a\u202eb\u200b\ufeff")).toBe("a\\u202eb\\u200b\\ufeff");
});

test("half a surrogate pair is shown, a whole one stays", () => {
  expect(printable("\ud83d")).toBe("\\ud83d");
  expect(printable("😀 ä €")).toBe("😀 ä €");
});

test("several lines become one, or stay lines where that's asked for", () => {
  expect(printable("one\r\ntwo\tthree")).toBe("one two three");
  expect(printableLines("one\n\ttwo\u001b")).toBe("one\n\ttwo\\u001b");
});

test("JSON stays the same value", () => {
  const value = { text: "\u009b\u202e\n\u001b😀" };
  expect(JSON.parse(printableLines(JSON.stringify(value, null, 2)))).toEqual(value);
});

test("a value is quoted and cut at 80 characters", () => {
  expect(quoted('say "hi"\u0000')).toBe('"say \\"hi\\"\\u0000"');
  const long = quoted("x".repeat(500));
  expect(long).toHaveLength(80);
  expect(long.endsWith("…")).toBe(true);
});

test("a cut never goes through a character", () => {
  expect(cutTo("ab😀😀", 4)).toBe("ab😀😀");
  expect(cutTo("ab😀😀😀", 4)).toBe("ab😀…");
});
