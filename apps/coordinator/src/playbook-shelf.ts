/** Playbooks by digest: a run is pinned to the one it started under, so every playbook ever used is kept as an artifact. */
import { readOwnFile, unsafeAction } from "@baton/files";
import type { Artifacts } from "@baton/mesh";
import { faultPath, parsePlaybook, type Playbook } from "@baton/playbook";
import { EXIT, StartFailure } from "@baton/service";
import { readYaml, YamlError, yamlLines } from "@baton/text";

import { NeedsNewer } from "./needs-newer.ts";

const MAX_CHARACTERS = 1_000_000;

/** Finds playbooks. */
export interface PlaybookShelf {
  /** The one new candidates start under. */
  readonly current: Playbook;
  /** One that is at hand. */
  known(digest: string): Playbook | undefined;
  /** Throws if it isn't stored or isn't a playbook. */
  byDigest(digest: string): Playbook | Promise<Playbook>;
}

/** Stores the current playbook, and finds others in the artifact store. */
export async function openPlaybookShelf(
  current: Playbook,
  artifacts: Artifacts,
): Promise<PlaybookShelf> {
  await artifacts.put(new TextEncoder().encode(current.source));
  const known = new Map([[current.digest, current]]);
  return {
    current,
    known: (digest) => known.get(digest),
    byDigest: (digest) => known.get(digest) ?? load(digest, artifacts, known),
  };
}

async function load(
  digest: string,
  artifacts: Artifacts,
  known: Map<string, Playbook>,
): Promise<Playbook> {
  const bytes = await artifacts.get(digest);
  if (!bytes) throw new Error(`playbook ${digest.slice(0, 12)} isn't in the artifact store`);
  const result = parsePlaybook(JSON.parse(new TextDecoder().decode(bytes)));
  // Only coordinators' own playbooks are kept, and only valid ones.
  if (!result.ok)
    throw new NeedsNewer(
      `playbook ${digest.slice(0, 12)} isn't valid for this release: ${result.faults.join("; ")}`,
    );
  known.set(digest, result.playbook);
  return result.playbook;
}

/** Reads a playbook's file. Throws `StartFailure` that names every fault. */
export async function readPlaybook(file: string): Promise<Playbook> {
  const refuse = (what: string, action: string, cause?: unknown): StartFailure =>
    new StartFailure({
      code: "E_PLAYBOOK",
      exitCode: EXIT.invalidInput,
      message: `playbook ${file}: ${what}`,
      action,
      cause,
    });
  let text: string;
  try {
    text = readOwnFile(file, { maxBytes: 4 * MAX_CHARACTERS }).toString("utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw refuse(why, unsafeAction(error, "Set BATON_PLAYBOOK to a readable file."), error);
  }
  let document: unknown;
  try {
    document = readYaml(text, { maxCharacters: MAX_CHARACTERS });
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw refuse(error.message, `Correct the line that is named: ${error.action}.`, error);
  }
  const result = parsePlaybook(document);
  if (result.ok) return result.playbook;
  const lineOf = yamlLines(text, { maxCharacters: MAX_CHARACTERS });
  const faults = result.faults.map((fault) => {
    const line = lineOf(faultPath(fault, document));
    return line === undefined ? fault : `${fault} (line ${line})`;
  });
  throw refuse(`\n  ${faults.join("\n  ")}`, "Correct every line above.");
}
