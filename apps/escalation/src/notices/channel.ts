/** The port of whoever carries a notice to people. It knows neither reviews nor the mesh, only notices. */
import type { ChannelName, Notice } from "@baton/contracts";

/** What became of an attempt to tell. */
export type TellOutcome =
  | { readonly kind: "told" }
  /** May pass by itself; `retryAfterMs` is the receiver's own wish. */
  | { readonly kind: "failed"; readonly why: string; readonly retryAfterMs?: number }
  /** Comes again the same until a person mends the receiver or its settings. */
  | { readonly kind: "refused"; readonly why: string };

/** A way to people. */
export interface Channel {
  readonly name: ChannelName;
  /** Such as `webhook`. */
  readonly type: string;
  /** More notices at a time wait for their turn. */
  readonly maxInFlight: number;
  /**
   * Tells it. At least once: after a kill, or when an answer came too late, the same notice comes again, word for word, under
   * the same `key`. `signal` is aborted when the time is over. Rejecting counts as failed.
   */
  deliver(notice: Notice, signal: AbortSignal): Promise<TellOutcome>;
  /**
   * For receivers that forget: called every few seconds with all that is open on this channel and was told by anybody; undefined
   * if nothing had to be sent.
   */
  keep?(open: readonly Notice[], signal: AbortSignal): Promise<TellOutcome | undefined>;
}
