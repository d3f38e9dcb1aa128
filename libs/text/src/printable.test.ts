import { expect, test } from "vitest";

import { cutTo, printable, printableLines, quoted, whyUnprintable } from "./printable.ts";

/** One of each kind that is no text. */
const HIDDEN = [
  ["\u0000", "U+0000", "is a control character"],
  ["\u001b", "U+001B", "is a control character"],
  ["\u007f", "U+007F", "is a control character"],
  ["\u009b", "U+009B", "is a control character"],
  ["\u202e", "U+202E", "turns text around"],
  ["\u2066", "U+2066", "turns text around"],
  ["\u061c", "U+061C", "turns text around"],
  ["\u200b", "U+200B", "is invisible"],
  ["\u200d", "U+200D", "is invisible"],
  ["\ufeff", "U+FEFF", "is invisible"],
  ["\u00ad", "U+00AD", "is invisible"],
  ["\u034f", "U+034F", "is invisible"],
  ["\u3164", "U+3164", "is invisible"],
  ["\u2800", "U+2800", "is invisible"],
  ["\ufe0f", "U+FE0F", "is invisible"],
  ["\u{e0041}", "U+E0041", "is invisible"],
  ["\u2028", "U+2028", "begins a new line"],
  ["\ud83d", "U+D83D", "is half a surrogate pair"],
  ["\ue000", "U+E000", "is no character that everybody has"],
  ["\u{10ffff}", "U+10FFFF", "is no character that everybody has"],
] as const;

test.each(HIDDEN)("%j is refused everywhere and shown escaped", (hidden, code, fault) => {
  const text = `aé${hidden}b`;
  for (const kind of ["name", "line", "lines"] as const)
    expect(whyUnprintable(text, kind)).toBe(`${code} at character 3 ${fault}`);
  const shown = Array.from(
    { length: hidden.length },
    (_, index) => `\\u${hidden.charCodeAt(index).toString(16).padStart(4, "0")}`,
  ).join("");
  expect([printable(text), printableLines(text)]).toEqual([`aé${shown}b`, `aé${shown}b`]);
  expect(JSON.parse(quoted(text))).toBe(text);
});

test.each(["Émile Ångström 😀 $5 — “x”", "❤️ 👩‍🔬 1️⃣ 🏳️‍🌈", "می‌خواهم क्‍ष שלום"])(
  "%s is text",
  (text) => {
    expect([whyUnprintable(text, "line"), whyUnprintable(text, "lines")]).toEqual([
      undefined,
      undefined,
    ]);
    expect(printable(text)).toBe(text);
  },
);

test("a line has no breaks and a text of several has no others; a name has no marks and no strange spaces", () => {
  expect([
    whyUnprintable("a\nb", "line"),
    whyUnprintable("a\tb\r\nc\n", "lines"),
    whyUnprintable("a\rb", "lines"),
    whyUnprintable("a\nbc\u202e", "lines"),
    whyUnprintable("a\u00a0b", "line"),
    whyUnprintable("a\u00a0b", "name"),
    whyUnprintable("e\u0301", "name"),
    whyUnprintable("", "name"),
  ]).toEqual([
    "U+000A at character 2 begins a new line",
    undefined,
    "U+000D at character 2 begins a new line",
    "U+202E at line 2, character 3 turns text around",
    undefined,
    "U+00A0 at character 2 isn't a plain space",
    "U+0301 at character 2 is a mark on its own; write the letter with it as one",
    undefined,
  ]);
});

test("line breaks become blanks only where one line is wanted", () => {
  expect(printable("one\r\ntwo\tthree")).toBe("one two three");
  expect(printableLines("one\n\ttwo\u001b")).toBe("one\n\ttwo\\u001b");
});

test("JSON that is made safe to show is still the same JSON", () => {
  const value = { text: "\u009b\u202e\n\u001b😀\u{e0041}" };
  expect(JSON.parse(printableLines(JSON.stringify(value, null, 2)))).toEqual(value);
});

test("what is shown is cut, whatever its length, and never through a character", () => {
  expect([cutTo("abcdef", 4), cutTo("a😀b", 3), cutTo("a😀bc", 3), cutTo("ab", 2)]).toEqual([
    "abc…",
    "a😀b",
    "a😀…",
    "ab",
  ]);
  expect(quoted("x".repeat(1_000_000))).toBe(`"${"x".repeat(78)}…`);
  expect([quoted(undefined), quoted(null), quoted([1, "\u202e"])]).toEqual([
    "undefined",
    "null",
    String.raw`[1,"\u202e"]`,
  ]);
});
