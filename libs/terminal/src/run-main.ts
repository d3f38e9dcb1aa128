/** How a program on a terminal runs and ends: what it says of a failure, and the exit code that fits. */
import { EXIT, failureJson, renderFailure, UserError } from "@baton/text/user-error";
import { CommanderError } from "commander";

import { explainError } from "./explain-error.ts";
import { wantsJson } from "./format.ts";

/** Runs `program` on its arguments. What it throws is shown on standard error, and ends the process with its exit code. */
export async function runMain(
  args: readonly string[],
  program: () => Promise<unknown>,
): Promise<void> {
  watchOutput(args);
  try {
    refuseGarbled(args);
    await program();
  } catch (error) {
    const shown = error instanceof CommanderError && error.exitCode === 0;
    if (!shown) end(explainError(error), args);
  }
}

function watchOutput(args: readonly string[]): void {
  let isTold = false;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // What runs a mesh stops it in order (stop-signal.ts of local-mesh).
    const stops = process.stdout.listenerCount("error") > 1;
    // A reader such as `head` that leaves early is no failure of ours.
    if (error.code === "EPIPE") return stops ? undefined : process.exit(0);
    const details = explainError(
      new UserError({
        code: "E_UNAVAILABLE",
        exit: EXIT.unavailable,
        message: `the result can't be written to standard output: ${error.message}`,
        action: "Make space where it goes, or send it elsewhere; what the command did stands.",
        cause: error,
      }),
    );
    if (!stops) end(details, args);
    if (!isTold) tell(details, args);
    isTold = true;
    process.exitCode = details.exit;
  });
  // Where not even a failure can be told, the exit code says it.
  process.stderr.on("error", () => undefined);
}

function tell(details: UserError["details"], args: readonly string[]): void {
  process.stderr.write(wantsJson(args) ? failureJson(details) : renderFailure(details));
}

function end(details: UserError["details"], args: readonly string[]): never {
  tell(details, args);
  // Something may still be under way, such as a connection that was given up: it must not keep the process alive.
  process.exit(details.exit);
}

/** Bytes of an argument that aren't UTF-8 arrive as U+FFFD: what was meant can't be known any more. */
function refuseGarbled(given: readonly string[]): void {
  const garbled = given.find((arg) => arg.includes("\ufffd"));
  if (garbled === undefined) return;
  throw new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: "an argument isn't UTF-8",
    value: garbled,
    rule: "arguments are UTF-8 text",
    action: "Type it again, or set the terminal's encoding to UTF-8.",
  });
}
