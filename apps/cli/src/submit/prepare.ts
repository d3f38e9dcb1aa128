/** From a file to the command that submits it: everything that can be wrong is found before anything is sent. */
import { CandidateSpec, Command } from "@baton/contracts";
import { candidateIdOf } from "@baton/playbook";

import { candidateIdFrom } from "../arguments.ts";
import { CliError, EXIT } from "../cli-error.ts";
import type { Globals } from "../globals.ts";
import { senderFrom } from "../identity.ts";
import type { SigningKey } from "../key-file.ts";
import { note } from "../output.ts";
import { commandIdNow } from "../send-command.ts";
import { prepareOwnData, type PreparedSpec } from "./own-data.ts";
import { checkSpecSize, parseSpec } from "./parse-spec.ts";
import { folderOf, readInput } from "./read-input.ts";

/** A file that is ready to be submitted. */
export interface Submission extends PreparedSpec {
  readonly command: Command;
  /** Undefined: it is sent unsigned. */
  readonly key: SigningKey | undefined;
}

/** Comments count here, the document itself may have 16 KiB. */
const FILE_LIMITS = {
  maxBytes: 256 * 1024,
  limit: "256 KiB per specification file, 16 KiB as JSON",
  silentMs: 10_000,
};

/** Reads and checks a specification, and the CSVs that it names. Throws `CliError`. */
export async function prepare(
  file: string,
  options: Pick<Globals, "server"> & { readonly id?: string; readonly as?: string },
): Promise<Submission> {
  const name = file === "-" ? "standard input" : file;
  const candidateId = options.id === undefined ? undefined : candidateIdFrom(options.id);
  const { name: by, key } = senderFrom(options.as, options);
  const bytes = await readInput(file, { ...FILE_LIMITS, within: folderOf(file) });
  const document = parseSpec(bytes, name);
  const { spec, uploads } = await prepareOwnData(document, file);
  checkSpecSize(spec, name);
  const command = Command.safeParse({
    v: 1,
    type: "submit",
    id: commandIdNow(),
    candidateId: candidateId ?? candidateIdOf(spec),
    time: new Date().toISOString(),
    by,
    spec,
  });
  if (!command.success) throw refused(name, command.error.issues[0]);
  adviseOn(spec, name);
  return { spec, uploads, command: command.data, key };
}

/** Lane A decides what a specification means; a person likes to hear it at once. */
function adviseOn(spec: Record<string, unknown>, name: string): void {
  if (spec["schema"] !== "baton.candidate.v1") return;
  const issues = CandidateSpec.safeParse(spec).error?.issues ?? [];
  if (issues.length === 0) return;
  note(`${name}: submitted as it is, but lane-a will refuse it:`);
  for (const { path, message } of issues) {
    note(`  ${path.length > 0 ? path.map(String).join(".") : "at the top"}: ${message}`);
  }
}

function refused(
  name: string,
  issue: { readonly path: readonly PropertyKey[]; readonly message: string } | undefined,
): CliError {
  const path = issue?.path.map(String).join(".") ?? "";
  return new CliError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: `${name}: ${path}: ${issue?.message ?? "not a specification"}`,
    action: "Correct the file and submit it again; nothing was stored.",
  });
}
