import type { AuditKey } from "@baton/audit";
import { type Broker, type BrokerPlace, createBroker } from "@baton/brokerage";
import type { StoredControls, WholeEntry } from "@baton/contracts";
import { createEngine, type Engine } from "@baton/engine";
import type { Remote } from "@baton/gitops";
import type { StageContext } from "@baton/lanekit";
import type { Commands } from "@baton/mesh";

/** One journal entry as it was stored. */
export interface JournalEntry {
  readonly sequence: number;
  /** When the journal stored it, ISO in UTC with milliseconds. */
  readonly time: string;
  readonly entry: WholeEntry;
  /** Its bytes. */
  readonly text: string;
}

/** Reads a candidate's journal. */
export interface JournalReader {
  /** Every entry of the candidate, the oldest first. */
  entries(candidateId: string): Promise<readonly JournalEntry[]>;
}

/** Reads the mesh's controls. */
export interface ControlsReader {
  /** The state; undefined while there never was any. */
  last(): Promise<StoredControls | undefined>;
  /** The state stored under a sequence. */
  at(sequence: number): Promise<StoredControls | undefined>;
}

/** What the lane works with besides its artifacts. */
export interface EvidenceOptions {
  readonly broker: BrokerPlace;
  readonly engineUrl: string;
  /** The reader's token, which the engine asks for. */
  readonly readToken?: string | undefined;
  /** The GitOps repository, and a folder of the lane's own for throw-away clones. */
  readonly gitops: Pick<Remote, "repository" | "cacheDir" | "history">;
  readonly journal: JournalReader;
  readonly controls: ControlsReader;
  readonly commands: Commands;
  readonly auditKey: AuditKey;
  /** Values that must never be in an audit pack. */
  readonly secrets?: readonly string[];
  /** Longest wait for the engine to do what main says, in milliseconds (default 10,000). */
  readonly waitMs?: number;
}

/** The outside world as one attempt sees it: its trace goes along, and its end stops every wait. */
export interface World {
  readonly engine: Engine;
  readonly remote: Remote;
  readonly waitMs: number;
  readonly signal: AbortSignal;
  broker(account: string): Broker;
}

/** The world of one attempt. */
export function worldOf(options: EvidenceOptions, context: StageContext): World {
  const { signal, traceparent } = context;
  return {
    engine: createEngine({
      url: options.engineUrl,
      readToken: options.readToken,
      traceparent,
      signal,
    }),
    remote: { ...options.gitops, signal },
    waitMs: options.waitMs ?? 10_000,
    signal,
    broker: (account) => createBroker({ ...options.broker, account, traceparent, signal }),
  };
}
