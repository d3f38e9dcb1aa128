/** What the end of an external program means for its stage. */
import { cut, FailureClass, MAX_TEXT } from "@baton/contracts";
import { printable } from "@baton/text/printable";
import { z } from "zod";

import { StageFailure } from "./define-lane.ts";

/** How a program ended. */
export interface ProgramEnd {
  /** As it was called, without its folder. */
  readonly name: string;
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Exit codes with a meaning (of sysexits.h); every other one but 0 counts as transient, like an unknown error. */
const CLASS_OF_EXIT = new Map<number, FailureClass>([
  [65, "spec"],
  [70, "deterministic"],
  [75, "transient"],
  [77, "policy"],
]);

/** The last line of standard output, if the program says itself what failed. */
const SaidFailure = z.object({
  failure: z.object({
    class: FailureClass,
    code: z.string().regex(/^[A-Z][A-Z0-9_]{1,63}$/),
    message: z.string().trim().min(1),
    action: z.string().optional(),
  }),
});

/**
 * The failure that a program's end stands for; undefined if it did its work. What it says about itself on the last line of
 * standard output, `{"failure":{"class","code","message","action"?}}`, goes before its exit code, even before 0.
 */
export function failureOfProgram(end: ProgramEnd): StageFailure | undefined {
  const said = saidFailure(end.stdout);
  if (said) return said;
  if (end.code === 0) return undefined;
  const words = lastLine(end.stderr) || lastLine(end.stdout) || "it said nothing";
  const action = "Read what the program wrote to its standard error, in the lane's log.";
  if (end.code === null) {
    const message = `${end.name} was ended by ${end.signal ?? "nobody knows what"}: ${words}`;
    return new StageFailure({ class: "transient", code: "E_PROGRAM_KILLED", message, action });
  }
  const kind = CLASS_OF_EXIT.get(end.code) ?? "transient";
  return new StageFailure({
    class: kind,
    // Who exits with 75 says that it was somebody else's fault.
    code: end.code === 75 ? "E_PROGRAM_UNAVAILABLE" : "E_PROGRAM_FAILED",
    message: `${end.name} exited with ${end.code} (${kind}): ${words}`,
    action,
  });
}

function saidFailure(stdout: string): StageFailure | undefined {
  const line = stdout.trimEnd().split("\n").at(-1) ?? "";
  if (!line.startsWith("{")) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const said = SaidFailure.safeParse(value);
  if (!said.success) return undefined;
  const {
    message,
    action = "Read the lane's log around this attempt.",
    ...rest
  } = said.data.failure;
  return new StageFailure({ ...rest, message: cut(message), action: cut(action, MAX_TEXT) });
}

/** The last line that says anything, printable, cut. */
export function lastLine(text: string, max = 300): string {
  const lines = text.split(/[\r\n]+/).map((line) => printable(line).trim());
  return cut(lines.findLast((line) => line !== "") ?? "", max);
}
