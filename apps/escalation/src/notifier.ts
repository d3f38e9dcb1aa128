/** How people are told about reviews: the port, and the notifier that is always there. */
import type { Reason } from "@baton/contracts";
import type { Log } from "@baton/telemetry";

/** What happened to a review. */
export type NoticeKind = "open" | "reminder" | "overdue" | "resolved";

/** A review as people are told about it. */
export interface NotifiedReview {
  /** `candidateId.sequence.level`: the same for every attempt to tell the same thing. */
  readonly key: string;
  readonly candidateId: string;
  readonly runId: string;
  readonly stage: string;
  readonly reason: Reason;
  readonly traceId: string;
  readonly detail: string;
  /** The one action suggested. */
  readonly action: string;
  readonly openedAt: string;
  readonly deadline: string | null;
  /** Counts the reminders, from 1; 0 for the other kinds. */
  readonly reminder: number;
  /** Only when resolved: who answered (null if it wasn't a person), and with what. */
  readonly answer: { readonly by: string | null; readonly what: string } | null;
}

/**
 * Tells people. At least once: after a kill the same notice may come again under the same `key`. Rejecting makes it come again,
 * later each time; it has a third of BATON_NOTICE_LEASE_MS for an answer, `signal` is aborted then.
 */
export interface Notifier {
  notify(kind: NoticeKind, review: NotifiedReview, signal: AbortSignal): Promise<void>;
}

/** Writes notices to the log: overdue ones as errors, answered ones as information, the rest as warnings. */
export function createLogNotifier(log: Log): Notifier {
  return {
    notify: async (kind, review) => {
      const { reason, stage, action, answer } = review;
      const fields = { notice: kind, ...review };
      if (kind === "open") log.warn(fields, `review opened: ${stage} waits (${reason}). ${action}`);
      else if (kind === "reminder")
        log.warn(fields, `review still open: ${stage} waits (${reason}). ${action}`);
      else if (kind === "overdue")
        log.error(fields, `review overdue: ${stage} waits (${reason}). ${action}`);
      else log.info(fields, `review answered: ${answer?.what ?? "?"} by ${answer?.by ?? "nobody"}`);
    },
  };
}
