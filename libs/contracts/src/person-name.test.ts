import { assert, constantFrom, integer, property, tuple } from "fast-check";
import confusables from "unhomoglyph/data.json" with { type: "json" };
import { expect, test } from "vitest";

import { Identity } from "./identity.ts";
import { isPlainName, isSamePerson } from "./person-name.ts";

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
  ["kim", "ĸim"],
  ["KIM", "ĸim"],
  ["ŋuni", "nuni"],
  ["Ŋuni", "NUNI"],
  ["þat", "pat"],
  ["əva", "eva"],
  ["ραυλ", "pavl"],
  ["ραυλ", "paul"],
  ["шура", "щура"],
  ["戶田", "户田"],
  ["日", "曰"],
  ["土", "士"],
  ["未", "末"],
  ["己", "已"],
  ["日二", "曰ニ"],
  ["王伟", "李娜"],
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
  ["fay", "say"],
  ["bot-3", "bot-e"],
  ["王伟 7", "李娜 8"],
  ["田中さくら", "田中はな"],
  ["ミカ", "ニカ"],
])("%j and %j are two", (one, other) => {
  expect(isSamePerson(one, other)).toBe(false);
});

/** Each character of the blocks up to CJK's kana that a name may be made of. */
const LETTERS = Array.from({ length: 0x3100 }, (_, point) => String.fromCodePoint(point)).filter(
  (one) => /\p{L}/u.test(one) && isPlainName(one),
);

test("whatever Unicode's table takes for one another is one person's", () => {
  // Names are made of it, and it isn't a sign, a blank or an accent.
  const taken = (text: string) => isPlainName(text) && /^[\p{L}\p{N}]+$/u.test(text);
  const pairs = Object.entries(confusables).filter(([one, look]) => taken(one) && taken(look));
  expect(pairs.length).toBeGreaterThan(250);
  const apart = pairs.filter(([one, look]) => !isSamePerson(`x${one}y`, `x${look}y`));
  expect(apart).toEqual([]);
});

test("no Latin letter is outside the look-alikes: each is read as letters of ASCII", () => {
  const plain = [...Array.from("abcdefghijklmnopqrstuvwxyz"), "ae", "oe", "ss", "ij", "dz"];
  const latin = LETTERS.filter((one) => /\p{Script=Latin}/u.test(one));
  expect(latin.length).toBeGreaterThan(300);
  expect(latin.filter((one) => !plain.some((name) => isSamePerson(one, name)))).toEqual([]);
});

test("Han letters tell nobody apart, whatever stands beside them", () => {
  const han = integer({ min: 0x4e00, max: 0x9fff }).map((point) => String.fromCodePoint(point));
  const named = tuple(han, han, constantFrom("", " 7", "さ", "ニ", "김"));
  assert(
    property(named, ([one, other, rest]) => {
      expect(isSamePerson(one + rest, other + rest)).toBe(true);
    }),
  );
});
