/** Runs the whole program in this process: what it prints, how it would end. A process of its own costs half a second. */
import { explainError } from "@baton/terminal";
import type { FailureDetails } from "@baton/text/user-error";
import { vi } from "vitest";

import { createProgram } from "../../program.ts";

/** How it ended. */
export interface GuardRun {
  readonly code: number;
  readonly stdout: string;
  /** The answer; undefined if it printed none. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
  readonly failure: FailureDetails | undefined;
}

/** Runs `baton guard …`. */
export function runGuard(args: readonly string[]): Promise<GuardRun> {
  return runHere(["guard", ...args]);
}

/** Runs `baton …`. Never at the same time as another run: they share standard output. */
export async function runHere(args: readonly string[]): Promise<GuardRun> {
  let text = "";
  const write = vi.spyOn(process.stdout, "write").mockImplementation((chunk, ...rest) => {
    text += String(chunk);
    const done = rest.find((one) => typeof one === "function");
    if (done) done();
    return true;
  });
  const before = process.exitCode;
  process.exitCode = 0;
  let failure: FailureDetails | undefined;
  try {
    await createProgram().parseAsync(args, { from: "user" });
  } catch (error) {
    failure = explainError(error);
  } finally {
    write.mockRestore();
  }
  const code = failure?.exit ?? endsWith();
  process.exitCode = before;
  const json: Record<string, unknown> | undefined = !text.startsWith("{")
    ? undefined
    : JSON.parse(text);
  return { code, stdout: text, json, failure };
}

function endsWith(): number {
  return Number(process.exitCode ?? 0);
}
