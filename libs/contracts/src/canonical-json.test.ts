import * as fc from "fast-check";
import { expect, test } from "vitest";

import { canonicalJson } from "./canonical-json.ts";

/** The number whose IEEE 754 bits are these. */
function numberOf(bits: string): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${bits}`));
  return view.getFloat64(0);
}

// RFC 8785, appendix B.
test.each([
  ["0000000000000000", "0"],
  ["8000000000000000", "0"],
  ["0000000000000001", "5e-324"],
  ["8000000000000001", "-5e-324"],
  ["7fefffffffffffff", "1.7976931348623157e+308"],
  ["ffefffffffffffff", "-1.7976931348623157e+308"],
  ["4340000000000000", "9007199254740992"],
  ["c340000000000000", "-9007199254740992"],
  ["4430000000000000", "295147905179352830000"],
  ["44b52d02c7e14af5", "9.999999999999997e+22"],
  ["44b52d02c7e14af6", "1e+23"],
  ["44b52d02c7e14af7", "1.0000000000000001e+23"],
  ["444b1ae4d6e2ef4e", "999999999999999700000"],
  ["444b1ae4d6e2ef4f", "999999999999999900000"],
  ["444b1ae4d6e2ef50", "1e+21"],
  ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
  ["3eb0c6f7a0b5ed8d", "0.000001"],
  ["41b3de4355555553", "333333333.3333332"],
  ["41b3de4355555554", "333333333.33333325"],
  ["41b3de4355555555", "333333333.3333333"],
  ["41b3de4355555556", "333333333.3333334"],
  ["41b3de4355555557", "333333333.33333343"],
  ["becbf647612f3696", "-0.0000033333333333333333"],
  ["43143ff3c1cb0959", "1424953923781206.2"],
])("the number %s is written %s", (bits, expected) => {
  expect(canonicalJson(numberOf(bits))).toBe(expected);
});

test.each([
  ["NaN", Number.NaN],
  ["infinity", numberOf("7ff0000000000000")],
  ["an infinity deep inside", { a: [numberOf("fff0000000000000")] }],
  ["undefined", undefined],
  ["a function", () => 1],
  ["half a surrogate pair", "\uD83D"],
  ["half a surrogate pair as a key", { "\uDE00": 1 }],
])("%s has no canonical form", (_, value) => {
  expect(() => canonicalJson(value)).toThrow(Error);
});

// RFC 8785, section 3.2.2.
test("literals, numbers and texts are written as the standard's example says", () => {
  const text = String.raw`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
    "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`;
  expect(canonicalJson(JSON.parse(text))).toBe(
    String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],` +
      String.raw`"string":"€$\u000f\nA'B\"\\\\\"/"}`,
  );
});

// RFC 8785, section 3.2.3.
test("keys are sorted by their UTF-16 units", () => {
  const value = {
    "\u20AC": "Euro Sign",
    "\r": "Carriage Return",
    "\uFB33": "Hebrew Letter Dalet With Dagesh",
    "1": "One",
    "\u{1F600}": "Emoji: Grinning Face",
    "\u0080": "Control",
    "\u00F6": "Latin Small Letter O With Diaeresis",
  };
  const sorted: Record<string, string> = JSON.parse(canonicalJson(value));
  // A key that looks like an index comes first in any object; the text has it where it belongs.
  expect(canonicalJson(value).indexOf('"\\r"')).toBe(1);
  expect(Object.values(sorted)).toEqual([
    "One",
    "Carriage Return",
    "Control",
    "Latin Small Letter O With Diaeresis",
    "Euro Sign",
    "Emoji: Grinning Face",
    "Hebrew Letter Dalet With Dagesh",
  ]);
});

test("the same value gives the same text in whatever order its keys came, and reads back as it was", () => {
  const objects = fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue(), {
    noNullPrototype: true,
  });
  fc.assert(
    fc.property(objects, (value) => {
      const text = canonicalJson(value);
      const shuffled = Object.fromEntries(Object.entries(value).toReversed());
      expect(canonicalJson(shuffled)).toBe(text);
      expect(canonicalJson(JSON.parse(text))).toBe(text);
    }),
    { seed: 8785, numRuns: 300 },
  );
});

test("a key called __proto__ is a key like others", () => {
  expect(canonicalJson(JSON.parse('{"b":1,"__proto__":{"c":2}}'))).toBe(
    '{"__proto__":{"c":2},"b":1}',
  );
});
