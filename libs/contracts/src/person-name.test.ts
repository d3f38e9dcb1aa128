import { expect, test } from "vitest";

import { Identity } from "./identity.ts";
import { isSamePerson } from "./person-name.ts";

test.each([
  "ada",
  "Ada Lovelace (desk 3) <ada@example.org>",
  "O’Neill",
  "strauß",
  "Nguyễn Ái",
  "Łukasz",
  "Анна Иванова",
  "Ελένη",
  "田中さくら",
  "김철수",
  "देवी",
  "علی",
  "ops-bot_2",
])("%j is a name", (name) => {
  expect(Identity.safeParse(name).success).toBe(true);
});

test.each([
  ["nothing", ""],
  ["nothing but blanks and signs", " - "],
  ["two scripts", "r\u043e\u043et"],
  ["two scripts in two words", "Ada \u0410нна"],
  ["Hangul's filler", "ada\u3164"],
  ["nothing but a filler", "\u3164"],
  ["Jamo fillers", "\u115f\u1160"],
  ["a half-wide filler", "ada\uffa0"],
  ["a blank of Braille", "ada\u2800"],
  ["a blank that has no width", "a\u200bda"],
  ["a sign that turns the direction", "a\u202eda"],
  ["a variation selector", "ada\ufe0f"],
  ["a tag", "ada\u{e0061}"],
  ["a soft hyphen", "a\u00adda"],
  ["a line's end", "ada\u2028"],
  ["wide letters", "ａｄａ"],
  ["letters of mathematics", "\u{1d41a}da"],
  ["an accent of its own", "jose\u0301"],
  ["a phonetic letter", "\u0251da"],
  ["a click that looks like an l", "e\u01c0a"],
  ["a stroke laid over", "o\u0338la"],
  ["a picture", "ada 😀"],
  ["too much", "x".repeat(121)],
])("a name can't have %s", (_, name) => {
  expect(Identity.safeParse(name).success).toBe(false);
});

test.each([
  ["root", "r\u043e\u043et"],
  ["root", "г\u043e\u043eт"],
  ["bob", "b0b"],
  ["BOB", "\u0412\u041e\u0412"],
  ["AHA", "\u0430\u043d\u0430"],
  ["HN", "\u0397\u03b7"],
  ["nik", "\u03b7\u03b9\u03ba"],
  ["Anton", "ant0n"],
  ["ada", "ada\u3164"],
  ["strauß", "strauss"],
  ["STRAUẞ", "strauß"],
  ["Ian", "1an"],
  ["lan", "Ian"],
  ["sam", "5am"],
  ["corn", "com"],
  ["will", "vvill"],
  ["ada lovelace", " Ada  LOVELACE"],
  ["ａｄａ", "ada"],
  ["josé", "jose\u0301"],
  ["ΝΙΚΟΣ", "νικος"],
  ["İris", "iris"],
  ["O’Neill", "o'neill"],
  ["ヘルム", "へルム"],
  ["ada", "ada."],
  ["ada", "-ada"],
  ["ada", "ada!"],
  ["wi!!", "will"],
  ["ada.b", "ada-b"],
  ["ada b", "adab"],
  ["adá", "ada"],
  ["ada\u0301", "ada"],
  ["josé", "jose"],
  ["O'Neil", "oneil"],
  ["Łukasz", "lukasz"],
  ["Sørën", "soren"],
  ["Æsa", "aesa"],
  ["Анна Й", "анна и"],
  ["clara", "dara"],
  ["Clara", "DARA"],
  ["cIara", "dara"],
  ["benz", "ben2"],
  ["BENZ", "ben2"],
  ["bot-8a", "bot-ba"],
  ["ada.r.n", "adam"],
])("%j and %j are read as one person's", (one, other) => {
  expect([isSamePerson(one, other), isSamePerson(other, one)]).toEqual([true, true]);
});

test.each([
  ["ada", "ann"],
  ["ops-1", "ops-2"],
  ["reviewer", "second-reviewer"],
  ["ada", "ada b"],
  ["lucia", "luda"],
  ["देवी", "दवा"],
  ["か", "が"],
  ["Анна", "Anna"],
  ["дан", "dan"],
])("%j and %j are two", (one, other) => {
  expect(isSamePerson(one, other)).toBe(false);
});
