import { expect, test } from "vitest";

import { failureOfProgram, lastLine, type ProgramEnd } from "./program-failure.ts";

const end = (changes: Partial<ProgramEnd>): ProgramEnd => ({
  name: "agent",
  code: 0,
  signal: null,
  stdout: "",
  stderr: "",
  ...changes,
});
const said = (failure: unknown) => `working\n${JSON.stringify({ failure })}\n`;

test.each([
  [65, "spec", "E_PROGRAM_FAILED"],
  [70, "deterministic", "E_PROGRAM_FAILED"],
  [75, "transient", "E_PROGRAM_UNAVAILABLE"],
  [77, "policy", "E_PROGRAM_FAILED"],
  [1, "transient", "E_PROGRAM_FAILED"],
  [137, "transient", "E_PROGRAM_FAILED"],
])("exit code %i is a %s failure", (code, kind, name) => {
  const failure = failureOfProgram(end({ code, stderr: "first\n\u001B[31mtoo bad\u0007\n\n" }));
  expect(failure).toMatchObject({ class: kind, code: name });
  expect(failure?.message).toBe(`agent exited with ${code} (${kind}): \\u001b[31mtoo bad\\u0007`);
});

test("exit code 0 is no failure, and a signal is a transient one", () => {
  expect(failureOfProgram(end({ stdout: "done\n" }))).toBeUndefined();
  expect(failureOfProgram(end({ code: null, signal: "SIGKILL" }))).toMatchObject({
    class: "transient",
    code: "E_PROGRAM_KILLED",
    message: "agent was ended by SIGKILL: it said nothing",
  });
});

test.each([0, 1, 70, 75])("what it says on its last line goes before exit code %i", (code) => {
  const stdout = said({
    class: "spec",
    code: "E_FIELD",
    message: "no universe",
    action: "Add one.",
  });
  expect(failureOfProgram(end({ code, stdout }))).toMatchObject({
    class: "spec",
    code: "E_FIELD",
    message: "no universe",
    action: "Add one.",
  });
});

test.each([
  ["an unknown class", said({ class: "odd", code: "E_X", message: "x" })],
  ["a code of another form", said({ class: "spec", code: "x y", message: "x" })],
  ["no message", said({ class: "spec", code: "E_X", message: " " })],
  ["JSON that isn't about failures", '{"verdict":"pass"}\n'],
  ["half a line", '{"failure":{"class":"spec"'],
  ["a failure before the last line", `${said({ class: "spec", code: "E_X", message: "x" })}bye\n`],
])("%s says nothing: the exit code counts", (_, stdout) => {
  expect(failureOfProgram(end({ stdout }))).toBeUndefined();
  expect(failureOfProgram(end({ code: 70, stdout }))?.class).toBe("deterministic");
});

test("a message of any length fits the wire", () => {
  const stdout = said({
    class: "spec",
    code: "E_X",
    message: "m".repeat(5000),
    action: "a".repeat(5000),
  });
  const failure = failureOfProgram(end({ stdout }));
  expect([failure?.message.length, failure?.action.length]).toEqual([1000, 1000]);
  expect(lastLine("x".repeat(5000)).length).toBe(300);
});
