import { cut, Failure, FailureClass } from "@baton/contracts";

import type { StageFailure } from "./define-lane.ts";

/** Codes of the operating system that say that something outside is away or full, not that the work is wrong. */
const AWAY = new Set(
  "ECONNREFUSED ECONNRESET ECONNABORTED EPIPE ETIMEDOUT EHOSTUNREACH EHOSTDOWN ENETUNREACH ENETDOWN ENOTFOUND EAI_AGAIN EMFILE ENFILE ENOBUFS ENOSPC UND_ERR_SOCKET UND_ERR_CONNECT_TIMEOUT UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT".split(
    " ",
  ),
);

/**
 * What an error means for the stage run. An error that carries a `class` says so itself (StageFailure and the typed errors
 * of the libraries); anything else counts as transient, so it's bounded by the retry rule. `expected` is false for what
 * nobody has foreseen: neither a typed error, nor a service that is away.
 */
export function classifyError(error: unknown): { failure: Failure; expected: boolean } {
  const typed = FailureClass.safeParse(property(error, "class"));
  const message = error instanceof Error ? error.message : String(error);
  const code = property(error, "code");
  const outside = typed.success ? undefined : outsideCode(error);
  const action = property(error, "action");
  const failure = Failure.safeParse({
    class: typed.success ? typed.data : "transient",
    code: typed.success && typeof code === "string" ? code : (outside ?? "E_UNEXPECTED"),
    message: cut(message || "no message"),
    action: typeof action === "string" ? cut(action) : "Read the lane's log around this attempt.",
  });
  const expected = typed.success || outside !== undefined;
  if (failure.success) return { failure: failure.data, expected };
  const fallback = {
    class: "transient",
    code: "E_UNEXPECTED",
    action: "Read the lane's log.",
  } as const;
  return { failure: { ...fallback, message: cut(message || "no message") }, expected: false };
}

/** The code of an error that is about something outside, looked for in what caused it too; `fetch` hides it there. */
function outsideCode(error: unknown): string | undefined {
  let at = error;
  for (let depth = 0; depth < 4 && at !== undefined; depth += 1) {
    if (property(at, "name") === "TimeoutError") return "E_TIMEOUT";
    const code = property(at, "code");
    if (typeof code === "string" && (code === "E_UNAVAILABLE" || AWAY.has(code)))
      return "E_UNAVAILABLE";
    at = property(at, "cause");
  }
  return undefined;
}

function property(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Reflect.get(value, name);
}

/** The wire form of a stage's own failure. */
export function failureOf(error: StageFailure): Failure {
  return classifyError(error).failure;
}
