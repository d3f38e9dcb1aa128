/** The playbook that the guard decides by, from a file: YAML or JSON, the public format or ours. */
import { extname, join } from "node:path";

import type { Playbook } from "@baton/playbook/rules";

import { faultyInput, readInputText } from "./input-file.ts";
import { findResolved, keepResolved } from "./resolved-playbooks.ts";

/** A playbook and where it came from. */
export interface LoadedPlaybook {
  readonly file: string;
  readonly playbook: Playbook;
}

const MAX_BYTES = 1024 * 1024;
/** Baton's own playbook, beside the program. */
const OWN = join(import.meta.dirname, "../../../../playbooks/baton.yaml");

/** The file that is meant: the option's, else BATON_PLAYBOOK, else Baton's own. */
export function playbookFile(
  option: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const fromEnv = env["BATON_PLAYBOOK"];
  return option ?? (fromEnv === undefined || fromEnv === "" ? OWN : fromEnv);
}

/** Reads and checks a playbook; throws `UserError` E_INVALID naming every fault with its path and line. `name` as in messages. */
export async function loadPlaybook(file: string, name = "--policy"): Promise<LoadedPlaybook> {
  const of = { name, path: file };
  const text = await readInputText({ ...of, maxBytes: MAX_BYTES });
  const isJson = extname(file) === ".json";
  const known = findResolved({ text, isJson });
  if (known) return { file, playbook: known };
  // YAML and schemas are most of what a guard costs: loaded only for a file that is new.
  const { parsePlaybookFile } = await import("./parse-playbook-file.ts");
  const result = await parsePlaybookFile(text, isJson);
  if (!result.ok) throw faultyInput(of, result.faults);
  keepResolved({ text, isJson }, result.playbook);
  return { file, playbook: result.playbook };
}
