/** Entry of the command line: parses, runs one command, and ends with the exit code that fits. */
import { runMain } from "@baton/terminal";

import { createProgram } from "./program.ts";
import { readVersion } from "./version.ts";

const args = process.argv.slice(2);
await runMain(args, () =>
  createProgram(asksVersion(args) ? readVersion() : undefined).parseAsync(args, { from: "user" }),
);

/** Git is asked only then. */
function asksVersion(given: readonly string[]): boolean {
  return given.includes("-V") || given.includes("--version");
}
