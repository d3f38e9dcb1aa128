/** How the guard answers: JSON with sorted keys as a pipeline reads it, and an exit code that says yes or no. */
import { stdout } from "node:process";

import { EXIT } from "@baton/text/user-error";

import type { LoadedPlaybook } from "./load-playbook.ts";

/** What the guard was decided by. */
export interface DecidedBy {
  readonly digest: string;
  readonly file: string | null;
  readonly version: string;
}

/** The playbook as answers name it. */
export function decidedBy({ file, playbook }: LoadedPlaybook): DecidedBy {
  return { digest: playbook.digest, file, version: playbook.version };
}

/** Prints an answer and sets the exit code: 0 for yes, 5 for no. */
export async function answer(value: object, yes: boolean): Promise<void> {
  process.exitCode = yes ? EXIT.ok : EXIT.refused;
  await new Promise<void>((resolve) => {
    stdout.write(`${sortedJson(value)}\n`, () => resolve());
  });
}

/** JSON with two spaces and the keys of every object in order. */
function sortedJson(value: unknown): string {
  return JSON.stringify(value, sortKeys, 2);
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
