/**
 * Checks J1 to J9 from outside: reads the streams, the git remotes and the broker's log, with code that shares nothing
 * with the services. `node libs/invariants/src/main.ts <input.json>` prints the findings as JSON.
 *
 * Exit codes: 0 all hold, 1 at least one doesn't, 2 no or wrong input, 8 something can't be read.
 */
import { readFileSync } from "node:fs";

import { checkInvariants } from "./check-invariants.ts";
import { gather } from "./gather.ts";
import { type Input, parseInput } from "./input.ts";

const [file] = process.argv.slice(2);
process.exitCode = await run(file);

async function run(inputFile: string | undefined): Promise<number> {
  let input: Input;
  try {
    if (inputFile === undefined) throw new Error("name the input file");
    input = parseInput(readFileSync(inputFile, "utf8"));
  } catch (error) {
    process.stderr.write(`E_USAGE (2): ${messageOf(error)}\n`);
    return 2;
  }
  try {
    const record = await gather(input);
    const invariants = checkInvariants(record);
    const ok = invariants.every((one) => one.ok);
    process.stdout.write(`${JSON.stringify({ ok, invariants }, null, 2)}\n`);
    return ok ? 0 : 1;
  } catch (error) {
    process.stderr.write(`E_UNAVAILABLE (8): ${messageOf(error)}\n`);
    return 8;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
