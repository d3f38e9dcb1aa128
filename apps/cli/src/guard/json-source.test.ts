import { expect, test } from "vitest";

import { jsonPath, parseJsonSource } from "./json-source.ts";

function read(text: string) {
  const source = parseJsonSource(text);
  if (!source.ok) throw new Error(source.fault);
  return source;
}

function faultIn(text: string): string {
  const source = parseJsonSource(text);
  return source.ok ? "none" : source.fault;
}

test("every value is found again by its path, with the line it begins on", () => {
  const text = '{\n "a": 1, "b-c": [\n true,\n {"d": "x,]}\\"\\n"}\n ],\n "e": null}\n';
  const { where, value } = read(text);
  expect(value).toEqual(JSON.parse(text));
  expect(where([])).toBe("$ (line 1)");
  expect(where(["a"])).toBe("$.a (line 2)");
  expect(where(["b-c", 0])).toBe('$["b-c"][0] (line 3)');
  expect(where(["b-c", 1, "d"])).toBe('$["b-c"][1].d (line 4)');
  expect(where(["e"])).toBe("$.e (line 6)");
  expect(where(["absent"])).toBe("$.absent");
});

test("a key that comes twice is a fault, however it is written and wherever it stands", () => {
  expect(read('{"a": 1,\n"\\u0061": 2}').faults()).toEqual(["$.a (line 2): comes twice"]);
  expect(read('{"l": [{"a": 1}, {"a": 1,\n"a": 1}]}').faults()).toEqual([
    "$.l[1].a (line 2): comes twice",
  ]);
  expect(read('{"a": {"a": 1}, "b": {"a": "a"}}').faults()).toEqual([]);
});

test.each([
  ["", "it is empty"],
  [" \n", "it is empty"],
  ["{", "(line 1, column 2)"],
  ['{"a": 1,\n}', "(line 2, column 1)"],
  ["{'a': 1}", "(line 1, column 2)"],
  ['{"a":\n\n  yes}', "(line 3, column 3)"],
  ['{"a": 1}\n}', "(line 2, column 1)"],
  ["NaN", "(line 1, column 1)"],
  ["// no\n{}", "(line 1, column 1)"],
  ['["a\nb"]', "(line 1, column 4)"],
])("%j isn't JSON: %s", (text, words) => {
  expect(faultIn(text)).toMatch(/^isn't JSON: /);
  expect(faultIn(text)).toContain(words);
});

test("a fault doesn't repeat the file's text", () => {
  expect(faultIn('{"token": "secret" "other": yes}')).not.toContain("secret");
  expect(faultIn('{"token": "secret", "other": yes}')).not.toContain("secret");
});

test("text that is nested without end is read in bounded time", () => {
  const deep = '{"a":'.repeat(50_000) + "1" + "}".repeat(50_000);
  expect(read(deep).faults()).toEqual([]);
});

test("a path is written as a JSON path", () => {
  expect(jsonPath(["a", 0, "b c", '"'])).toBe('$.a[0]["b c"]["\\""]');
});
