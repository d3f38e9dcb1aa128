/** What `decide` is asked and what it answers. */
import type {
  CandidateId,
  RunId,
  Stage,
  PreciseInstant,
  Command,
  WholeEntry,
  EvidenceRecord,
  Identity,
  Instant,
  Lane,
  Report,
  Role,
  StoredControls,
  StoredWhole,
} from "@baton/contracts";

import type { Playbook } from "../format/playbook.ts";

/** Who signed a command: verified by the coordinator against its key registry. */
export interface VerifiedIdentity {
  readonly name: Identity;
  readonly roles: readonly Role[];
}

/** Something that happened to a candidate. */
export type Happening =
  | {
      readonly kind: "command";
      readonly command: Command;
      readonly sampled: boolean;
      /** Absent where the coordinator has no key registry. */
      readonly identity?: VerifiedIdentity;
    }
  | {
      readonly kind: "report";
      readonly report: Report;
      /** Sequence and time under which REPORTS stored it. */
      readonly sequence: number;
      readonly storedAt: PreciseInstant;
    }
  | { readonly kind: "deadline" }
  /** A dispatch was delivered as often as its durable allows, without an answer. */
  | {
      readonly kind: "exhausted";
      readonly dispatch: number;
      readonly deliveries: number;
      /** What the lane said when it set the dispatch aside. */
      readonly why?: string | undefined;
    }
  /** A result was stored that can't be read; where it is stored says whose it is and of which stage run. */
  | {
      readonly kind: "unreadable";
      readonly candidateId: CandidateId;
      readonly stage: Stage;
      readonly runId: RunId;
      readonly lane: Lane;
      /** Sequence in REPORTS. */
      readonly sequence: number;
      readonly why: string;
    }
  /**
   * A dispatch waits for a lane that has given no sign of life since then. `waiting`: of so many of the lane this one waits longest;
   * `noted`: another one does, which people are asked about.
   */
  | {
      readonly kind: "no-workers";
      readonly dispatch: number;
      readonly lane: Lane;
      readonly since: Instant;
      readonly waiting?: number | undefined;
      readonly noted?: true | undefined;
    }
  /** What the lane works with is away; `waiting` of its candidates wait for it, this one the longest. */
  | {
      readonly kind: "service-away";
      readonly dispatch: number;
      readonly lane: Lane;
      readonly waiting: number;
    }
  /** The lane of a dispatch that waited for workers, or for what they work with, has them again. */
  | { readonly kind: "workers-back"; readonly dispatch: number; readonly lane: Lane }
  /** An incident that the candidate may be part of; the controls say what it is. */
  | { readonly kind: "incident"; readonly incidentId: string }
  /** The mesh's controls changed: what was stopped may go on. */
  | { readonly kind: "lifted" };

/** Everything a decision depends on; the same question gives the same answer, byte for byte (J10). */
export interface Question {
  /** The candidate's last entry; undefined before its first. */
  readonly last: StoredWhole | undefined;
  readonly happening: Happening;
  /** The playbook the run is pinned to; for a submission the current one. */
  readonly playbook: Playbook;
  /** What the coordinator verified about the report's claims; null where there was nothing to verify. */
  readonly evidence: EvidenceRecord | null;
  /** The mesh's controls as they are; absent while there never were any. */
  readonly controls?: StoredControls | undefined;
  readonly now: Instant;
}

/** What follows: one entry, nothing, or a refusal with words for the person who asked. */
export type Decision =
  | { readonly kind: "append"; readonly entry: WholeEntry }
  /** It was decided before, or came too late to matter. */
  | { readonly kind: "ignore"; readonly why: "duplicate" | "stale" | "early" }
  | Refusal;

/** A refusal with words for the person who asked. */
export interface Refusal {
  readonly kind: "reject";
  readonly code: RejectCode;
  readonly message: string;
  readonly action: string;
}

/** Codes of refusals; the CLI maps them to exit codes. */
export type RejectCode =
  | "E_NOT_FOUND"
  | "E_CONFLICT"
  | "E_DENIED"
  | "E_GUARD"
  | "E_INVALID"
  | "E_LIMIT"
  | "E_LOG_RESET";

/** A refusal. */
export function reject(code: RejectCode, message: string, action: string): Refusal {
  return { kind: "reject", code, message, action };
}
