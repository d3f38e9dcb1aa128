/** Everything that was found in the streams, the object store, the git remotes and the broker's log; nothing decided yet. */

/** An artifact as an entry or a report names it. */
export interface NamedArtifact {
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** A journal message, as far as the invariants are about it. */
export interface JournalEntry {
  readonly sequence: number;
  /** When the server stored it, in milliseconds since 1970. */
  readonly storedAt: number;
  readonly subject: string;
  readonly candidateId: string;
  readonly stage: string;
  readonly runId: string;
  readonly n: number;
  readonly prev: number;
  /** Of its bytes, and of those of the entry before, as it says; null for the first. */
  readonly sha256: string;
  readonly prevSha256: string | null;
  readonly holder: string;
  readonly reason: string;
  /** Kind of what it is about; empty if it says nothing. */
  readonly about: string;
  readonly author: string;
  /** What it rests on, as far as it says it itself; the rest was brought by the entries it names. */
  readonly basis: {
    /** The specification as it was submitted; undefined where the entry has none. */
    readonly spec: unknown;
    readonly made: readonly NamedArtifact[];
    readonly earlier: readonly number[];
    readonly sha256: string | null;
  };
  readonly awaits: number | null;
  readonly cause: {
    readonly kind: string;
    /** Of the report, where the cause is one. */
    readonly report: number | undefined;
    /** Of the command, where the cause is one. */
    readonly command: string | undefined;
    /** Id of the incident, where the cause is one. */
    readonly incident: string | undefined;
  };
  /** Sequence of the mesh's controls that it was decided under; null while there were none. */
  readonly controls: number | null;
  /** Id of the incident that it recovers from. */
  readonly incident: string | null;
  readonly evidence: {
    readonly artifacts: ReadonlyMap<string, string>;
    readonly gate: { readonly sha256: string; readonly verdict: string } | null;
  } | null;
  readonly guard: {
    readonly from: string | null;
    readonly to: string;
    readonly rule: string;
  } | null;
  readonly approvals: readonly {
    readonly stage: string;
    readonly by: string;
    readonly evidence: string;
  }[];
  readonly held: boolean;
  readonly maxRetries: number | null;
  readonly failureClass: string | null;
  readonly deadline: string | null;
  /** How many ways to answer its question names; 0 where it asks none. */
  readonly answers: number;
}

/** A state of the mesh's controls. */
export interface ControlState {
  readonly sequence: number;
  /** When the server stored it, in milliseconds since 1970. */
  readonly storedAt: number;
  readonly n: number;
  readonly prev: number;
  /** Who asked for the change; null if time made it. */
  readonly by: string | null;
  /** Who wants the kill switch released; null while it isn't engaged. */
  readonly releases: readonly string[] | null;
  readonly incidents: readonly OpenIncident[];
  /** Changes outside Git that Git doesn't have yet. */
  readonly tasks: number;
}

/** An open incident: exactly one of candidate and lane for those scopes, neither for everything. */
export interface OpenIncident {
  readonly id: string;
  readonly candidateId: string | null;
  readonly lane: string | null;
}

/** A report. */
export interface Report {
  readonly sequence: number;
  readonly subject: string;
  readonly lane: string;
  readonly type: "attempt" | "result";
  readonly candidateId: string;
  readonly stage: string;
  readonly runId: string;
  /** Sequence of the dispatch it answers. */
  readonly answers: number;
  readonly attempt: number;
  /** The attempt isn't over: something is away, and it tries until it is back. */
  readonly waits: boolean;
  /** Of a failed attempt or a failed result; null for a result that is done. */
  readonly failureClass: string | null;
  readonly artifacts: readonly NamedArtifact[];
}

/** An object of the artifact store. */
export interface StoredObject {
  /** Of the bytes that are really there. */
  readonly sha256: string;
  readonly bytes: number;
  /** Only of small objects, where gate reports are found. */
  readonly content: Uint8Array | undefined;
}

/** A commit on a remote's main that says which action it is. */
export interface Action {
  readonly remote: string;
  readonly commit: string;
  /** `<candidateId>.<stage>.<runId>`, with a suffix for a step inside the stage run. */
  readonly action: string;
}

/** What one commit changed: a step of a remote's main, or one on a branch of its own. */
export interface Change {
  readonly remote: string;
  readonly commit: string;
  /** The action or fence that a step of main names, or the branch; undefined for a step that names none. */
  readonly by: { readonly kind: "action" | "fence" | "branch"; readonly name: string } | undefined;
  readonly paths: readonly string[];
}

/** An event of the broker's log. */
export interface BrokerEvent {
  readonly line: number;
  readonly type: string;
  /** When it happened, in milliseconds since 1970; null for the first line. */
  readonly at: number | null;
  /** Null means all accounts. */
  readonly account: string | null;
  /** Of a kill switch: the mesh's hold, a person's over all accounts, or the account's; null for anything else. */
  readonly scope: "mesh" | "all" | "account" | null;
  readonly order: BrokerOrder | null;
}

/** An order that the broker took. */
export interface BrokerOrder {
  readonly clientOrderId: string;
  readonly symbol: string;
  /** Change of the position if it's filled; negative for a sale. */
  readonly change: number;
  /** It was filled at once: it had a price and nothing to wait for. */
  readonly filled: boolean;
}

/** Answer to a submission, as the one who submitted got it. */
export interface SubmitReceipt {
  readonly candidateId: string;
  readonly duplicate: boolean;
  readonly runId: string;
  readonly stage: string;
  readonly sequence: number;
  readonly time: string;
}

/** A message that isn't what its stream is for. */
export interface Foreign {
  readonly where: string;
  readonly what: string;
}

/** All of it. */
export interface MeshRecord {
  readonly entries: readonly JournalEntry[];
  readonly reports: readonly Report[];
  /** Candidate of each stored submission. */
  readonly submissions: readonly string[];
  /** By the name under which they are stored, which is meant to be their digest. */
  readonly objects: ReadonlyMap<string, StoredObject>;
  readonly actions: readonly Action[];
  readonly changes: readonly Change[];
  readonly broker: readonly BrokerEvent[];
  readonly controls: readonly ControlState[];
  readonly receipts: readonly SubmitReceipt[];
  readonly foreign: readonly Foreign[];
  /** Gate report's artifact by stage, from the playbook. */
  readonly gates: ReadonlyMap<string, string>;
  /** Stages that change what runs: mutable, and with an edge to recovery, from the playbook. */
  readonly promoting: readonly string[];
  /** The stage that incidents lead to; null if the playbook has none. */
  readonly recovery: string | null;
  /** True if everything that was accepted is expected to have come to rest. */
  readonly settled: boolean;
}

/** `<candidateId>.<stage>.<runId>` */
export function stageRunOf(of: { candidateId: string; stage: string; runId: string }): string {
  return `${of.candidateId}.${of.stage}.${of.runId}`;
}

/** True if the entry hands the baton to a lane that shall start on it. */
export function isDispatch({ holder, awaits }: JournalEntry): boolean {
  return holder.startsWith("lane-") && awaits === 0;
}

/** Each candidate's entries in the order in which they are stored. */
export function chainsOf(entries: readonly JournalEntry[]): Map<string, JournalEntry[]> {
  const chains = new Map<string, JournalEntry[]>();
  for (const entry of entries.toSorted((a, b) => a.sequence - b.sequence)) {
    const chain = chains.get(entry.candidateId) ?? [];
    chain.push(entry);
    chains.set(entry.candidateId, chain);
  }
  return chains;
}
