/** Everything a mesh has stored about a candidate, read once: its journal as bytes, and what its entries name as their cause. */
import { hash } from "node:crypto";

import {
  type CandidateId,
  Command,
  commandSubject,
  Controls,
  type Entry,
  journalFence,
  MESH_ID,
  type PreciseInstant,
  type Report,
  reportFilter,
  type Sha256,
} from "@baton/contracts";
import { type Artifacts, parseEntry, parseReport } from "@baton/mesh";
import type { Playbook, ReplaySources } from "@baton/playbook";

import type { Session } from "../session/session.ts";
import { readAll, unknownCandidate } from "./read-candidate.ts";
import { findPlaybook } from "./stored-evidence.ts";

/** A journal message as it is stored. */
export interface RecordedEntry {
  readonly sequence: number;
  readonly subject: string;
  readonly text: string;
  /** Of its bytes. */
  readonly sha256: Sha256;
  /** The entry, or in words why it isn't one. */
  readonly entry: Entry | string;
}

/** A candidate's journal and what it was decided on. */
export interface CandidateRecord {
  readonly candidateId: CandidateId;
  /** In order; at least one. */
  readonly entries: readonly RecordedEntry[];
  readonly sources: ReplaySources;
  /** A stored command as it was sent, by candidate (or the mesh) and id; undefined if none is stored. */
  sentCommand(candidateId: string, commandId: string): unknown;
}

/** Reads it. Throws `UserError` E_NOT_FOUND for a candidate without a journal. */
export async function readRecord(
  session: Pick<Session, "nc" | "jsm">,
  candidateId: CandidateId,
  findStored: (digest: string) => Promise<Playbook | undefined>,
): Promise<CandidateRecord> {
  const entries: RecordedEntry[] = [];
  const commands = new Map<string, Command>();
  const sent = new Map<string, unknown>();
  const keepSent = (message: { readonly subject: string; readonly data: Uint8Array }): void =>
    void sent.set(message.subject, jsonIn(message.data));
  const reports = new Map<number, { report: Report; storedAt: PreciseInstant }>();
  const controls = new Map<number, Controls>();
  await readAll(session, { stream: "controls" }, ({ seq, data }) => {
    const state = Controls.safeParse(jsonIn(data));
    if (state.success) controls.set(seq, state.data);
  });
  // The journal last: what its entries name was stored before them.
  await readAll(session, { stream: "commands", filter: commandsOf(MESH_ID) }, keepSent);
  await readAll(session, { stream: "commands", filter: commandsOf(candidateId) }, (message) => {
    keepSent(message);
    const command = Command.safeParse(jsonIn(message.data));
    if (command.success) commands.set(command.data.id, command.data);
  });
  await readAll(session, { stream: "reports", filter: reportFilter(candidateId) }, (message) => {
    const report = parseReport(message.data);
    if (typeof report === "string") return;
    reports.set(message.seq, { report, storedAt: preciseInstant(message.storedMs) });
  });
  await readAll(session, { stream: "journal", filter: journalFence(candidateId) }, (message) => {
    const { seq: sequence, subject, data } = message;
    const text = new TextDecoder().decode(data);
    const sha256 = hash("sha256", data);
    entries.push({ sequence, subject, text, sha256, entry: entryIn(data, sequence) });
  });
  if (entries.length === 0) throw unknownCandidate(candidateId);
  const playbooks = await readPlaybooks(entries, findStored);
  return {
    candidateId,
    entries,
    sentCommand: (of, commandId) => sent.get(commandSubject({ candidateId: of, commandId })),
    sources: {
      command: (id) => commands.get(id),
      report: (sequence) => reports.get(sequence),
      controls: (sequence) => controls.get(sequence),
      playbook: (digest) => playbooks.get(digest),
    },
  };
}

/** Finds playbooks in the artifact store, each looked for once. */
export function openShelf(artifacts: Artifacts): (digest: string) => Promise<Playbook | undefined> {
  const known = new Map<string, Promise<Playbook | undefined>>();
  return (digest) => {
    const found = known.get(digest) ?? findPlaybook(artifacts, digest);
    known.set(digest, found);
    return found;
  };
}

async function readPlaybooks(
  entries: readonly RecordedEntry[],
  findStored: (digest: string) => Promise<Playbook | undefined>,
): Promise<ReadonlyMap<string, Playbook>> {
  const playbooks = new Map<string, Playbook>();
  for (const { entry } of entries) {
    if (typeof entry === "string" || playbooks.has(entry.playbook)) continue;
    const playbook = await findStored(entry.playbook);
    if (playbook) playbooks.set(entry.playbook, playbook);
  }
  return playbooks;
}

function commandsOf(candidateId: CandidateId): string {
  return commandSubject({ candidateId, commandId: "any-command" }).replace("any-command", "*");
}

function entryIn(data: Uint8Array, sequence: number): Entry | string {
  try {
    return parseEntry(data, sequence);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function jsonIn(data: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(data));
  } catch {
    return undefined;
  }
}

/** As the coordinator writes it: cut to microseconds. */
function preciseInstant(ms: number): PreciseInstant {
  const micros = Math.floor(Math.round(ms * 1e6) / 1e3);
  const whole = Math.floor(micros / 1000);
  return `${new Date(whole).toISOString().slice(0, 23)}${String(micros % 1000).padStart(3, "0")}Z`;
}
