/** From a file to the command that submits it: everything that can be wrong is found before anything is sent. */
import { checkSpecSize, commandIdNow, parseSpec, type senderFrom } from "@baton/client";
import {
  type CandidateId,
  Command,
  DEFAULT_WALK_FORWARD_LIMITS,
  type SpecDocument,
  type WalkForwardLimits,
} from "@baton/contracts";
import { candidateIdOf } from "@baton/playbook";
import { counted } from "@baton/text/counted";
import { UserError, EXIT, type Fault } from "@baton/text/user-error";

import { loadPlaybook, playbookFile } from "../guard/load-playbook.ts";
import { type CandidateCheck, checkCandidate } from "./check-candidate.ts";
import { type OwnFile, prepareOwnData } from "./own-data.ts";
import { prepareOwnSource } from "./own-source.ts";
import { folderOf, readInput } from "./read-input.ts";

/** A specification that may be submitted. */
export interface ReadySpec {
  /** As messages call the file. */
  readonly file: string;
  readonly candidateId: CandidateId;
  readonly spec: SpecDocument;
  readonly uploads: readonly OwnFile[];
  /** Undefined: nobody looked, as was asked for. */
  readonly check: CandidateCheck | undefined;
}

/** How a file is read. */
export interface ReadOptions {
  /** The candidate's id; from the specification's digest if undefined. */
  readonly id?: CandidateId | undefined;
  /** True: whatever it says is submitted, for a playbook that isn't about candidates of strategies. */
  readonly unchecked?: boolean | undefined;
}

/** Comments count here, the document itself may have 16 KiB. */
const FILE_LIMITS = {
  maxBytes: 256 * 1024,
  limit: "256 KiB per specification file, 16 KiB as JSON",
  silentMs: 10_000,
};
/** Faults of one file that are listed. */
const MAX_LISTED = 50;

/** Reads and checks a specification, and the CSVs that it names. Throws a `UserError` that names everything that is wrong. */
export async function readSpec(path: string, { id, unchecked }: ReadOptions): Promise<ReadySpec> {
  const file = nameOf(path);
  const bytes = await readInput(path, { ...FILE_LIMITS, within: folderOf(path) });
  const document = parseSpec(bytes, file);
  const prepared = await prepareOwnSource(await prepareOwnData(document, path), path);
  const checked =
    unchecked === true
      ? asItIs(prepared.faults)
      : await checkCandidate(prepared, await walkForwardLimits());
  if (checked.faults) throw wrong(file, checked.faults, document);
  const { spec, files: uploads } = prepared;
  checkSpecSize(spec, file);
  return { file, candidateId: id ?? candidateIdOf(spec), spec, uploads, check: checked.check };
}

/** Of the playbook that BATON_PLAYBOOK names, else of Baton's own; the mesh's may differ, and lane A goes by that. */
async function walkForwardLimits(): Promise<WalkForwardLimits> {
  const file = playbookFile(undefined, process.env);
  const { playbook } = await loadPlaybook(file, "BATON_PLAYBOOK");
  return playbook.limits.walkForward ?? DEFAULT_WALK_FORWARD_LIMITS;
}

/** What messages call a file. */
export function nameOf(path: string): string {
  return path === "-" ? "standard input" : path;
}

function asItIs(faults: readonly Fault[]) {
  return faults.length > 0 ? { faults } : { check: undefined };
}

/** The command that submits it. Throws `UserError` for a document that no command takes. */
export function submitCommand(
  { file, candidateId, spec }: ReadySpec,
  { name: by }: ReturnType<typeof senderFrom>,
): Command {
  const command = Command.safeParse({
    v: 1,
    type: "submit",
    id: commandIdNow(),
    candidateId,
    time: new Date().toISOString(),
    by,
    spec,
  });
  if (command.success) return command.data;
  const faults = command.error.issues.map(({ path, message }) => ({
    where: path.map(String).join("."),
    rule: message,
  }));
  throw wrong(file, faults, spec);
}

function wrong(file: string, faults: readonly Fault[], { schema }: SpecDocument): UserError {
  const places = counted(faults.length, "wrong place");
  const listed = faults.length > MAX_LISTED ? `, the first ${MAX_LISTED} of them` : "";
  const another = typeof schema === "string" && schema !== "baton.candidate.v1";
  return new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: `${file}: ${places}${listed}; nothing of it was stored or sent`,
    faults: faults.slice(0, MAX_LISTED),
    action: `Correct what is named, then submit the file again; --check looks without submitting.${another ? " --unchecked submits a document of another schema as it is, for a playbook that takes it." : ""}`,
  });
}
