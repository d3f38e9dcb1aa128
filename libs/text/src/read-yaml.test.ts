import { expect, test } from "vitest";

import { readYaml, YamlError } from "./read-yaml.ts";

const limits = { maxCharacters: 1_000_000 };

/** The error that a text is refused with. */
function refusal(text: string, most: Parameters<typeof readYaml>[1] = limits): YamlError {
  try {
    readYaml(text, most);
  } catch (error) {
    if (error instanceof YamlError) return error;
    throw error;
  }
  throw new Error("it was taken");
}

test.each([
  ["", null],
  ["# only a comment\n", null],
  ["---\na: 1\n...\n", { a: 1 }],
  [
    "a: [1, -2.5, 1e3, 0x10]\nb: {c: ~, d: no, e: yes, f: true}",
    { a: [1, -2.5, 1000, 16], b: { c: null, d: "no", e: "yes", f: true } },
  ],
  ['{"a": [1, "x*y", "&z", "!t"], "b": "- - -"}', { a: [1, "x*y", "&z", "!t"], b: "- - -" }],
  ["text: |\n  *x &y\n  ---\n  !z\n", { text: "*x &y\n---\n!z\n" }],
  ["2020: a\n'<': b", { "2020": "a", "<": "b" }],
  ["a: '61e9540'\nb: '12345678901234567890'", { a: "61e9540", b: "12345678901234567890" }],
  ["\ufeffa: 1", { a: 1 }],
  ["constructor: 1", { constructor: 1 }],
])("%j is read as JSON has it", (text, value) => {
  expect(readYaml(text, limits)).toEqual(value);
});

test.each([
  ["a: &x 1\nb: *x", "alias", 1, 4],
  ["b: *x", "alias", 1, 4],
  ["a:\n  - !!binary aGk=", "tag", 2, 5],
  ["a: !t {}", "tag", 1, 4],
  ["%YAML 1.1\n---\na: 1", "syntax", 1, 1],
  ["base: {a: 1}\nb:\n  <<: {c: 1}", "merge key", 3, 3],
  ["a: 1\n---\nb: 2", "documents", 2, 1],
  ["a: 1\n...\nb: 2", "documents", 3, 1],
  ["---\n# nothing\n---\na: 1\n--- x", "documents", 5, 1],
  ["a: 1\nb: 2\na: 3", "duplicate key", 3, 1],
  ['{"a": 1, "a": 2}', "duplicate key", 1, 10],
  ["1: a\n'1': b", "duplicate key", 2, 1],
  ["? [a]\n: b", "key", 1, 1],
  ["{__proto__: {a: 1}}", "key", 1, 2],
  ["name: 61e9540", "number", 1, 7],
  ["a: .inf", "number", 1, 4],
  ["a: [.nan]", "number", 1, 5],
  ["a: 12345678901234567890", "number", 1, 4],
  ["a: 9007199254740993", "number", 1, 4],
  ["a: 0.12345678901234567890", "number", 1, 4],
  ["a: 9007199254740993.0", "number", 1, 4],
  ["a: 1e-400", "number", 1, 4],
  [`a: 1${"0".repeat(50_000)}1e-9`, "number", 1, 4],
  ["a: [1", "syntax", 1, 6],
  ["a: b: c", "syntax", 1, 4],
  ["\ta: 1", "syntax", 1, 1],
])("%j is refused for its %s at %i:%i", (text, fault, line, column) => {
  const error = refusal(text);
  expect([error.fault, error.line, error.column]).toEqual([fault, line, column]);
  expect(error.message).toMatch(new RegExp(`^line ${line}, column ${column}: `));
  expect(error.action).not.toBe("");
});

test("what is repeated in a message is short and has nothing that a terminal obeys", () => {
  const long = `a\u001b[2J\u202e${"x".repeat(5000)}`;
  for (const text of [`"${long}": 1\n"${long}": 2`, `a: [${long}`, `a: 1${"0".repeat(500)}`]) {
    const { message, action } = refusal(text);
    expect(message.length + action.length).toBeLessThan(500);
    expect(message + action).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  }
});

/** 65 KB of aliases that stand for other aliases; more of anything than may be. */
const bombs: [what: string, text: string, fault: string][] = [
  [
    "aliases",
    `a0: &a0 x\n${Array.from({ length: 2500 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}]`).join("\n")}`,
    "alias",
  ],
  ["flow lists", "[".repeat(900_000), "depth"],
  ["flow maps", "{a: ".repeat(200_000), "depth"],
  ["block lists", "- ".repeat(400_000), "nodes"],
  ["nested block lists", `${"- ".repeat(90_000)}x`, "depth"],
  [
    "nested block maps",
    Array.from({ length: 1200 }, (_, n) => `${" ".repeat(n)}a:`).join("\n"),
    "depth",
  ],
  ["values", `[${"1,".repeat(300_000)}1]`, "nodes"],
  [
    "keys",
    Array.from({ length: 200_000 }, (_, n) => `k${n}:`)
      .join("\n")
      .slice(0, 990_000),
    "nodes",
  ],
  ["characters", "x".repeat(1_000_001), "size"],
];

test.each(bombs)(
  "too many %s are refused in time that the length bounds",
  { timeout: 20_000 },
  (_, text, fault) => {
    expect(refusal(text).fault).toBe(fault);
  },
);

test(
  "as many keys as may be are compared in time that their number bounds",
  { timeout: 20_000 },
  () => {
    const keys = Array.from({ length: 33_000 }, (_, n) => `key-${n}: 1`);
    expect(Object.keys(Object(readYaml(keys.join("\n"), limits)))).toHaveLength(33_000);
    expect(refusal([...keys, "key-0: 2"].join("\n")).fault).toBe("duplicate key");
  },
);

test.each([
  ["0.1", 0.1],
  ["1.50", 1.5],
  ["-0.0", -0],
  ["+007.10e+2", 710],
  ["1e23", 1e23],
  ["5e-324", 5e-324],
  ["9007199254740991", 9007199254740991],
  ["0x1F", 31],
  [".5", 0.5],
])("the number %s is kept, as what is written says the same", (text, value) => {
  expect(readYaml(`a: ${text}\n`, { maxCharacters: 100 })).toEqual({ a: value });
});
