import { cut, Failure, FailureClass } from "@baton/contracts";

import type { StageFailure } from "./define-lane.ts";

/**
 * What an error means for the stage run. An error that carries a `class` says so itself (StageFailure and the typed errors
 * of the libraries); anything else is unexpected and counts as transient, so it's bounded by the retry rule.
 */
export function classifyError(error: unknown): { failure: Failure; expected: boolean } {
  const typed = FailureClass.safeParse(property(error, "class"));
  const message = error instanceof Error ? error.message : String(error);
  const code = property(error, "code");
  const action = property(error, "action");
  const failure = Failure.safeParse({
    class: typed.success ? typed.data : "transient",
    code: typed.success && typeof code === "string" ? code : "E_UNEXPECTED",
    message: cut(message || "no message"),
    action: typeof action === "string" ? cut(action) : "Read the lane's log around this attempt.",
  });
  if (failure.success) return { failure: failure.data, expected: typed.success };
  const fallback = {
    class: "transient",
    code: "E_UNEXPECTED",
    action: "Read the lane's log.",
  } as const;
  return { failure: { ...fallback, message: cut(message || "no message") }, expected: false };
}

function property(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Reflect.get(value, name);
}

/** The wire form of a stage's own failure. */
export function failureOf(error: StageFailure): Failure {
  return classifyError(error).failure;
}
