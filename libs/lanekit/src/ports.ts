/** What a lane needs of the world, in verbs; the mesh satisfies these by shape. */
import type {
  Entry,
  Lane,
  Report,
  ResultReport,
  StageRun,
  StoredEntry,
  WholeEntry,
} from "@baton/contracts";

/** One delivery of a dispatch; exactly one of `ack`, `retry` settles it. */
export interface Dispatch {
  readonly entry: Entry;
  readonly sequence: number;
  readonly deliveries: number;
  readonly lastDelivery: boolean;
  /** Milliseconds since 1970. */
  readonly storedAt: number;
  ack(): void;
  retry(delayMs: number): void;
  working(): void;
}

/** A running intake of dispatches. */
export interface Intake {
  /** Milliseconds since the server was last heard of. */
  silentMs(): number;
  /** Makes room for `by` more dispatches than the capacity, or for fewer again. */
  widen(by: number): void;
  stop(graceMs: number): Promise<void>;
}

/** Where dispatches come from. */
export interface Inbox {
  open(options: {
    capacity: number;
    /** Stages that there is work for. */
    stages: ReadonlySet<string>;
    onDispatch: (dispatch: Dispatch, release: () => void) => void;
    onTrouble: (what: string) => void;
  }): Intake;
}

/** Where reports go. */
export interface ReportStore {
  store(report: Report): Promise<"stored" | "exists">;
  result(of: StageRun & { lane: Lane }): Promise<ResultReport | undefined>;
}

/** Where a candidate's last entry is read, and what an entry rests on. */
export interface JournalReader {
  last(candidateId: string): Promise<StoredEntry | undefined>;
  /** Throws an error of the code E_JOURNAL where an earlier entry isn't the one that the entry names. */
  whole(entry: Entry): Promise<WholeEntry>;
}

/** Content-addressed bytes. */
export interface ArtifactStore {
  put(bytes: Uint8Array): Promise<string>;
  get(sha256: string): Promise<Uint8Array | undefined>;
}
