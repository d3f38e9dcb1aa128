import { UserError } from "@baton/text/user-error";
import { expect, test } from "vitest";

import { checkSpecSize, parseSpec } from "./parse-spec.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const parse = (text: string): unknown => parseSpec(bytes(text), "x.yaml");

function refusal(work: () => unknown): UserError["details"] {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError) return error.details;
    throw error;
  }
  throw new Error("nothing was refused");
}

test("YAML and JSON of the same content are the same document", () => {
  const spec = { name: "x", grid: [{ fast: 10 }], on: true, none: null };
  expect(parse("name: x\ngrid:\n  - { fast: 10 }\non: true\nnone: null\n")).toEqual(spec);
  expect(parse(JSON.stringify(spec))).toEqual(spec);
});

test("the core schema leaves words, dates and leading zeros as text or plain numbers", () => {
  expect(parse("a: no\nb: 2024-01-01\nc: 1e3\nd: 0o17\n")).toEqual({
    a: "no",
    b: "2024-01-01",
    c: 1000,
    d: 15,
  });
});

test.each([
  ['{"a":', "x.yaml:1:6"],
  ["a: 1\na: 2\n", "x.yaml:2:1"],
  ["a: 1\n---\nb: 2\n", "x.yaml:2:1"],
  ["a: [1\nb: 2", "x.yaml:"],
])("%j is refused with line and column", (text, where) => {
  const { exit, message } = refusal(() => parse(text));
  expect(exit).toBe(3);
  expect(message).toContain(where);
});

test.each([
  ["[1]", "got a list"],
  ["", "got nothing"],
  ["text", "got string"],
  ["a: .nan", "x.yaml:1:4"],
  ["a: -.inf", "x.yaml:1:4"],
  ["__proto__: { x: 1 }", "__proto__"],
  ["a: { constructor: 1 }", "$.a"],
])("%j is refused: %s", (text, what) => {
  const { exit, message } = refusal(() => parse(text));
  expect(exit).toBe(3);
  expect(message).toContain(what);
});

test.each([
  ["a hundred thousand lists", `${"[".repeat(100_000)}${"]".repeat(100_000)}`],
  ["seventeen levels", `a: ${"[".repeat(16)}${"]".repeat(16)}`],
])("%s are too deep", (_name, text) => {
  expect(refusal(() => parse(text))).toMatchObject({ code: "E_LIMIT", exit: 7 });
});

test("sixteen levels are not", () => {
  expect(() => parse(`a: ${"[".repeat(15)}${"]".repeat(15)}`)).not.toThrow();
});

test("aliases that multiply or go in a circle are refused", () => {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"];
  for (let index = 1; index < 9; index += 1)
    lines.push(
      `a${index}: &a${index} [${Array(9)
        .fill(`*a${index - 1}`)
        .join(", ")}]`,
    );
  for (const text of [lines.join("\n"), "a: &x [*x]\n"]) {
    const { exit, message } = refusal(() => parse(text));
    expect(exit).toBe(3);
    expect(message).toMatch(/x\.yaml:1:\d+ an anchor \(&name\)/);
  }
});

test("bytes that aren't UTF-8 are refused", () => {
  expect(refusal(() => parseSpec(Uint8Array.of(0xff, 0xfe), "x.yaml")).message).toContain("UTF-8");
});

test("a document of more than 16 KiB is refused by its JSON, comments don't count", () => {
  const comment = `# ${"c".repeat(20_000)}\nname: x\n`;
  expect(() => checkSpecSize(parseSpec(bytes(comment), "x"), "x")).not.toThrow();
  const spec = parseSpec(bytes(`name: ${"n".repeat(17_000)}\n`), "x");
  expect(refusal(() => checkSpecSize(spec, "x"))).toMatchObject({ code: "E_LIMIT", exit: 7 });
});
