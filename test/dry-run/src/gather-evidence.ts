/** What the mesh has stored about the stories, read once at the end and written to disk for people. */
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { readEntries, readReports, type Session } from "@baton/client";
import {
  type ArtifactRef,
  foldWhole,
  type StoredReport,
  type TimedEntry,
  type Whole,
} from "@baton/contracts";
import { makeFolder } from "@baton/files";

import type { Story, StoryName } from "./stories.ts";

/** An artifact of any run of a candidate, with its bytes. */
export interface FoundArtifact {
  readonly ref: ArtifactRef;
  /** Undefined if the store doesn't have it. */
  readonly bytes: Uint8Array | undefined;
}

/** Everything about one candidate. */
export interface Evidence {
  readonly entries: readonly TimedEntry[];
  /** All that its last entry rests on. */
  readonly basis: Whole;
  readonly reports: readonly StoredReport[];
  /** Of all its runs, in the order in which they were reported. */
  readonly artifacts: readonly FoundArtifact[];
}

/** Reads a bit at a time: each artifact is one request or more. */
const AT_A_TIME = 8;

/** Reads the evidence of every story that has a candidate of its own and is known to the journal. */
export async function gatherEvidence(
  session: Session,
  stories: readonly Story[],
): Promise<ReadonlyMap<StoryName, Evidence>> {
  const found = new Map<StoryName, Evidence>();
  for (const { name, candidateId } of stories) {
    if (name === "duplicate") continue;
    const entries = await readEntries(session, candidateId).catch(() => undefined);
    if (!entries) continue;
    const reports = await readReports(session, candidateId);
    const artifacts = await fetchAll(session, refsOf(reports));
    const basis = foldWhole(entries).at(-1)?.entry;
    if (basis) found.set(name, { entries, basis, reports, artifacts });
  }
  return found;
}

function refsOf(reports: readonly StoredReport[]): ArtifactRef[] {
  return reports.flatMap(({ report }) =>
    report.type === "result" && report.outcome.kind === "done" ? report.outcome.artifacts : [],
  );
}

async function fetchAll(
  { artifacts }: Session,
  refs: readonly ArtifactRef[],
): Promise<readonly FoundArtifact[]> {
  const found: FoundArtifact[] = [];
  const queue = refs.entries();
  const worker = async (): Promise<void> => {
    for (const [index, ref] of queue)
      found[index] = { ref, bytes: await artifacts.get(ref.sha256).catch(() => undefined) };
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  return found;
}

/** Writes journals, reports, artifacts and the first story's audit pack below `folder`. */
export function writeEvidence(folder: string, evidence: ReadonlyMap<StoryName, Evidence>): void {
  for (const [name, { entries, reports, artifacts }] of evidence) {
    writeLines(join(folder, "journals", `${name}.jsonl`), entries);
    writeLines(join(folder, "reports", `${name}.jsonl`), reports);
    for (const { ref, bytes } of artifacts) {
      if (bytes) write(join(folder, "artifacts", name, ref.runId, ref.name), bytes);
    }
  }
  const pack = auditPackOf(evidence.get("trend"));
  if (pack) write(join(folder, "audit-pack.tar"), pack);
}

/** The audit pack of a candidate's last run. */
export function auditPackOf(evidence: Evidence | undefined): Uint8Array | undefined {
  return artifactOf(evidence, "observed/audit-pack.tar")?.bytes;
}

/** The latest artifact of that name. */
export function artifactOf(
  evidence: Evidence | undefined,
  name: string,
): FoundArtifact | undefined {
  return evidence?.artifacts.findLast(({ ref }) => ref.name === name);
}

function writeLines(file: string, values: readonly unknown[]): void {
  write(file, values.map((value) => `${JSON.stringify(value)}\n`).join(""));
}

function write(file: string, content: string | Uint8Array): void {
  makeFolder(dirname(file));
  writeFileSync(file, content);
}
