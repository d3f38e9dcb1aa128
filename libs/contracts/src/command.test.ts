import { expect, test } from "vitest";

import { Command } from "./command.ts";
import { Identity } from "./identity.ts";

const common = {
  v: 1,
  id: "command-1",
  candidateId: "cand-1",
  time: "2026-03-01T09:00:00.000Z",
  by: "ada",
};
const submit = { ...common, type: "submit", spec: { name: "x" } };

function faultOf(command: unknown): string {
  const parsed = Command.safeParse(command);
  const issue = parsed.error?.issues[0];
  return issue ? `${issue.path.join(".")}: ${issue.message}` : "";
}

test.each(["approve", "reject", "pause", "resume", "send-back", "cancel"])(
  "%s needs a reason",
  (type) => {
    expect(faultOf({ ...common, type, why: "because" })).toBe("");
    for (const why of [undefined, "", "  \n", "x".repeat(1001)])
      expect(faultOf({ ...common, type, why })).toMatch(/^why: /);
  },
);

test("a specification is taken exactly as it came", () => {
  const spec = { b: [1, null], a: { nested: "é" }, constructor: 1 };
  expect(Command.parse({ ...submit, spec })).toEqual({ ...submit, spec });
});

test.each([
  ["null", null],
  ["a list", []],
  ["a text", "x"],
])("%s is no specification", (_, spec) => {
  expect(faultOf({ ...submit, spec })).toMatch(/^spec: .*expected record/);
});

test("a specification with a key that reading would drop is refused, not shortened", () => {
  const spec: unknown = JSON.parse('{"name":"x","__proto__":{"admin":true}}');
  expect(faultOf({ ...submit, spec })).toBe('spec: unknown key "__proto__"');
});

test("a specification that can't be hashed is refused", () => {
  const halves: unknown = JSON.parse(String.raw`{"name":"\ud800"}`);
  expect(faultOf({ ...submit, spec: halves })).toMatch(/^spec: has no canonical form/);
});

test.each([
  [15, ""],
  [16, "spec: nested deeper than 16"],
  [200_000, "spec: nested deeper than 16"],
])("a specification with %i lists in each other: %j", (levels, fault) => {
  const spec: unknown = JSON.parse(`{"a":${"[".repeat(levels)}${"]".repeat(levels)}}`);
  expect(faultOf({ ...submit, spec })).toBe(fault);
});

test.each([
  ["an unknown key", { ...submit, artefact: 1 }, /Unrecognized key: "artefact"/],
  [
    "a key of every object's",
    JSON.parse(JSON.stringify(submit).replace("{", '{"__proto__":{},')),
    /Unrecognized key: "__proto__"/,
  ],
  ["an unknown type", { ...submit, type: "promote" }, /^type: /],
  ["another version", { ...submit, v: 2 }, /^v: /],
  ["a number for an id", { ...submit, candidateId: 123 }, /^candidateId: .*expected string/],
  [
    "a path for an id",
    { ...submit, candidateId: "../../etc" },
    /^candidateId: candidateId: 6 to 63 characters/,
  ],
  ["a local time", { ...submit, time: "2026-03-01T09:00:00.000" }, /^time: /],
  ["an unreadable sender", { ...submit, by: "a\u001B[2J" }, /^by: identity: 1 to 120 printable/],
])("%s is refused", (_, command, words) => {
  expect(faultOf(command)).toMatch(words);
});

test.each([
  ["ada", true],
  ["Ada Lovelace (desk 3) <ada@example.org>", true],
  ["名前", true],
  ["", false],
  ["a\tb", false],
  ["a\nb", false],
  ["a\u202Eb", false],
  ["a\u0000", false],
  ["x".repeat(121), false],
])("%j may sign a command: %s", (by, may) => {
  expect(Identity.safeParse(by).success).toBe(may);
});
