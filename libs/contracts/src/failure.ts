import { z } from "zod";

import { RunId, Stage } from "./names.ts";
import { Assignment } from "./stage-work.ts";
import { wireObject } from "./wire.ts";

/** What kind of failure it is, and so what follows: only `transient` ones are retried (J6). */
export const FAILURE_CLASSES = ["transient", "deterministic", "spec", "policy"] as const;
export const FailureClass = z.enum(FAILURE_CLASSES);
export type FailureClass = z.infer<typeof FailureClass>;

/** Longest message, detail or summary on the wire, in characters. */
export const MAX_TEXT = 1000;

/** `text` cut to what the wire takes, in UTF-16 units; never through the middle of a character. */
export function cut(text: string, max = MAX_TEXT): string {
  if (text.length <= max) return text;
  const kept = text.slice(0, max - 1);
  return `${/[\uD800-\uDBFF]$/.test(kept) ? kept.slice(0, -1) : kept}…`;
}

/** Why an attempt failed: for the person who has to act on it. */
export const Failure = wireObject({
  class: FailureClass,
  /** Stable code such as `E_DATA_UNAVAILABLE`. */
  code: z.string().regex(/^[A-Z][A-Z0-9_]{1,63}$/),
  message: z.string().min(1).max(MAX_TEXT),
  /** What to do next. */
  action: z.string().max(MAX_TEXT),
});
export type Failure = z.infer<typeof Failure>;

/**
 * Thrown by whoever knows what a failure means: the libraries' own errors are of this kind, so that a stage that fails of one
 * reports it as it is.
 */
export class Failed<Code extends string = string> extends Error implements Readonly<Failure> {
  override readonly name: string = "Failed";
  readonly class: FailureClass;
  readonly code: Code;
  /** What to do next. */
  readonly action: string;

  constructor(failure: Readonly<Failure> & { readonly code: Code }, options?: ErrorOptions) {
    const { class: kind, code, message, action } = failure;
    super(message, options);
    this.class = kind;
    this.code = code;
    this.action = action;
  }
}

/** A stage's rule for its lane, resolved from the playbook and carried by the dispatch, so that a lane needs no playbook. */
export const RetryRule = wireObject({
  maxRetries: z.int().min(0).max(20),
  initialBackoffMs: z.int().min(0),
  backoffMultiplier: z.number().min(1),
  maxBackoffMs: z.int().min(0),
  /** An attempt whose progress watermark stands still for longer is aborted as stalled; absent: it may stand still. */
  progressMs: z.int().positive().optional(),
  /** Globs of what the lane may change in a repository; absent: its own default. */
  surfaces: z.array(z.string().max(200)).max(20).optional(),
  /** Absent: the lane does the work itself. */
  work: Assignment.optional(),
});
export type RetryRule = z.infer<typeof RetryRule>;

/** Code of an attempt that its lane aborted because its progress watermark stood still. */
export const STALLED_CODE = "E_STALLED";

/**
 * Codes of class `policy` with which a lane says that the mesh's controls stopped it in the middle: nothing failed, what it
 * reached stays, and the stage goes on by itself when the stop is lifted.
 */
export const STOP_CODES = ["E_KILL_SWITCH", "E_FROZEN", "E_GIT_TASK"] as const;
export type StopCode = (typeof STOP_CODES)[number];

/** Code, of class `policy`, of work that was stopped because its budget is spent. */
export const BUDGET_CODE = "E_BUDGET";

/** Code of a stop that the mesh doesn't know of: a kill switch at the broker that people engaged there. */
export const ACCOUNT_STOP_CODE = "E_ACCOUNT_SWITCH";

/** True if the failure says that a stop of the mesh was in the way. */
export function isStopFailure({ class: kind, code }: Failure): boolean {
  const codes: readonly string[] = STOP_CODES;
  return kind === "policy" && codes.includes(code);
}

/** How often one failure was seen at one stage on the same inputs. */
export const FailureTally = wireObject({
  stage: Stage,
  /** The failure's code and a digest of its message without what changes from time to time. */
  signature: z.string().max(80),
  /** Digest of what the stage had to work with. */
  inputs: z.string().max(64),
  count: z.int().positive(),
  /** The run that saw it first. */
  runId: RunId,
});
export type FailureTally = z.infer<typeof FailureTally>;

/** Most tallies that an entry carries: the failures seen last. */
export const MAX_TALLIES = 8;
