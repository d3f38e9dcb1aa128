import { expect, test } from "vitest";

import { classifyError } from "./classify-error.ts";
import { StageFailure } from "./define-lane.ts";

const coded = (code: string, options?: ErrorOptions) =>
  Object.assign(new Error("it failed", options), { code });

test("a StageFailure says itself what it is", () => {
  const error = new StageFailure({ class: "policy", code: "E_X", message: "no", action: "Ask." });
  expect(classifyError(error)).toEqual({
    failure: { class: "policy", code: "E_X", message: "no", action: "Ask." },
    expected: true,
  });
});

test.each([
  ["a refused connection", coded("ECONNREFUSED"), "E_UNAVAILABLE"],
  ["a full disk", coded("ENOSPC"), "E_UNAVAILABLE"],
  ["the mesh away", coded("E_UNAVAILABLE"), "E_UNAVAILABLE"],
  [
    "fetch hiding its cause",
    new TypeError("fetch failed", { cause: coded("ENOTFOUND") }),
    "E_UNAVAILABLE",
  ],
  ["a time limit", new DOMException("took too long", "TimeoutError"), "E_TIMEOUT"],
])("%s is transient and known to be about something outside", (_, error, code) => {
  expect(classifyError(error)).toMatchObject({
    failure: { class: "transient", code },
    expected: true,
  });
});

test.each([
  ["an error", new Error("odd")],
  ["an error with a code of its own", coded("E_ODD")],
  ["a missing file", coded("ENOENT")],
  ["a text", "odd"],
  ["nothing", undefined],
  ["a code of the wrong form", Object.assign(new Error("odd"), { class: "spec", code: "not one" })],
])("%s is unexpected and transient", (_, error) => {
  expect(classifyError(error)).toMatchObject({
    failure: { class: "transient", code: "E_UNEXPECTED" },
    expected: false,
  });
});

test("causes in a circle come to an end", () => {
  const error = new Error("round");
  error.cause = error;
  expect(classifyError(error).expected).toBe(false);
});
