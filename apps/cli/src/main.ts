import { UserError, EXIT, failureJson, renderFailure } from "@baton/text/user-error";
/** Entry of the command line: parses, runs one command, and ends with the exit code that fits. */
import { CommanderError } from "commander";

import { explainError } from "./explain-error.ts";
import { wantsJson } from "./globals.ts";
import { createProgram } from "./program.ts";
import { readVersion } from "./version.ts";

const args = process.argv.slice(2);
let isTold = false;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // What runs a mesh stops it in order (stop-signal.ts).
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
  if (!stops) end(details);
  if (!isTold) tell(details);
  isTold = true;
  process.exitCode = details.exit;
});
// Where not even a failure can be told, the exit code says it.
process.stderr.on("error", () => undefined);

try {
  refuseGarbled(args);
  await createProgram(asksVersion(args) ? readVersion() : undefined).parseAsync(args, {
    from: "user",
  });
} catch (error) {
  const shown = error instanceof CommanderError && error.exitCode === 0;
  if (!shown) {
    const details = explainError(error);
    end(details);
  }
}

function tell(details: UserError["details"]): void {
  process.stderr.write(wantsJson(args) ? failureJson(details) : renderFailure(details));
}

function end(details: UserError["details"]): never {
  tell(details);
  // Something may still be under way, such as a connection that was given up: it must not keep the process alive.
  process.exit(details.exit);
}

/** Git is asked only then. */
function asksVersion(given: readonly string[]): boolean {
  return given.includes("-V") || given.includes("--version");
}

/** Bytes of an argument that aren't UTF-8 arrive as U+FFFD: what was meant can't be known any more. */
function refuseGarbled(given: readonly string[]): void {
  const garbled = given.find((arg) => arg.includes("\ufffd"));
  if (garbled === undefined) return;
  throw new UserError({
    code: "E_INVALID",
    exit: 3,
    message: "an argument isn't UTF-8",
    value: garbled,
    rule: "arguments are UTF-8 text",
    action: "Type it again, or set the terminal's encoding to UTF-8.",
  });
}
