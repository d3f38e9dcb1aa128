/**
 * Sends an order so that there is exactly one at the broker, whatever dies in between (J8).
 *
 * S1: an order whose id may have been sent before is looked up first; it is sent only if the broker doesn't have it.
 * S2: after an ambiguous outcome there are only look-ups, never a second sending. If they don't find it before the
 *     deadline the outcome is `unknown`; a later call starts with a look-up again (S1).
 * S3: the broker's own rule, one order per client order id, is what makes S1's sending safe against a request that is
 *     still on its way; its refusal of a duplicate counts as an answer, and the first order's terms are compared.
 */
import { setTimeout as sleep } from "node:timers/promises";

import { BrokerError } from "./broker-error.ts";
import type { Broker, SubmitOutcome } from "./broker-port.ts";
import { toUnits } from "./decimal.ts";
import { NewOrder, type NewOrderInput, type Order } from "./order.ts";

/** How it ended. `submitted` and `existing` both mean: the broker has exactly this order. */
export type SubmitOnceOutcome =
  | { readonly kind: "submitted"; readonly order: Order; readonly lookups: number }
  /** It was there before this call, with the same terms. */
  | { readonly kind: "existing"; readonly order: Order; readonly lookups: number }
  /** An order of this id has other terms: the first ones stand, a person must look (E_BROKER_MISMATCH). */
  | {
      readonly kind: "mismatch";
      readonly order: Order;
      readonly differs: readonly string[];
      readonly lookups: number;
    }
  | {
      readonly kind: "rejected";
      readonly status: number;
      readonly code: string;
      readonly message: string;
      readonly lookups: number;
    }
  /** Sent or not, nobody knows; call again later with the same order (transient). */
  | { readonly kind: "unknown"; readonly message: string; readonly lookups: number };

/** Bounds of one call. */
export interface SubmitOnceOptions {
  /** True unless it is certain that this id was never sent, e.g. because its intent was created just now (default true). */
  readonly maybeSent?: boolean;
  /** Most look-ups after an ambiguous outcome (default 6). */
  readonly maxLookups?: number;
  /** Wait before the first of them; doubles each time (default 50 ms). */
  readonly initialDelayMs?: number;
  /** No look-up starts later than this after the call, in milliseconds (default 10,000). */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

const TERMS = ["symbol", "side", "type", "time_in_force"] as const;
const DECIMAL_TERMS = ["qty", "limit_price", "stop_price"] as const;

/** Names of the terms in which `order` is not what `wanted` asks for. */
export function differingTerms(wanted: NewOrder, order: Order): readonly string[] {
  const units = (value: string | null) => (value === null ? null : toUnits(value));
  return [
    ...TERMS.filter((term) => wanted[term] !== order[term]),
    ...DECIMAL_TERMS.filter((term) => units(wanted[term]) !== units(order[term])),
  ];
}

/** Sends `order` at most once and finds out what became of it (S1-S3); throws only what isn't the broker's doing. */
export async function submitOnce(
  broker: Pick<Broker, "submit" | "byClientOrderId">,
  order: NewOrderInput,
  options: SubmitOnceOptions = {},
): Promise<SubmitOnceOutcome> {
  const wanted = NewOrder.parse(order);
  const search = { broker, wanted, lookups: 0 };
  if (options.maybeSent ?? true) {
    const seen = await lookUp(search);
    if (seen.kind === "silent") return { kind: "unknown", lookups: 1, message: seen.message };
    if (seen.kind === "found") return compared("existing", wanted, seen.order, search.lookups);
  }
  const sent = await broker.submit(wanted);
  if (sent.kind === "submitted") return compared("submitted", wanted, sent.order, search.lookups);
  if (sent.kind === "rejected") return { ...sent, lookups: search.lookups };
  return findOut(search, sent, options);
}

interface Search {
  readonly broker: Pick<Broker, "byClientOrderId">;
  readonly wanted: NewOrder;
  lookups: number;
}

type Sighting =
  | { readonly kind: "found"; readonly order: Order }
  | { readonly kind: "absent" }
  | { readonly kind: "silent"; readonly message: string };

async function lookUp(search: Search): Promise<Sighting> {
  search.lookups += 1;
  try {
    const order = await search.broker.byClientOrderId(search.wanted.client_order_id);
    return order ? { kind: "found", order } : { kind: "absent" };
  } catch (error) {
    if (error instanceof BrokerError) return { kind: "silent", message: error.message };
    throw error;
  }
}

/** S2: looks until it is found, the look-ups are used up, or the time is. */
async function findOut(
  search: Search,
  sent: Extract<SubmitOutcome, { kind: "duplicate" | "ambiguous" }>,
  options: SubmitOnceOptions,
): Promise<SubmitOnceOutcome> {
  const { maxLookups = 6, initialDelayMs = 50, deadlineMs = 10_000, signal } = options;
  const until = performance.now() + deadlineMs;
  let message = sent.message;
  for (let round = 0; round < maxLookups; round += 1) {
    const seen = await lookUp(search);
    if (seen.kind === "found") {
      const kind = sent.kind === "duplicate" ? "existing" : "submitted";
      return compared(kind, search.wanted, seen.order, search.lookups);
    }
    if (seen.kind === "silent") message = `${sent.message}; then: ${seen.message}`;
    const delay = initialDelayMs * 2 ** round;
    if (signal?.aborted || performance.now() + delay > until) break;
    if (round + 1 < maxLookups) await sleep(delay, undefined, signal && { signal }).catch(() => {});
  }
  return { kind: "unknown", message, lookups: search.lookups };
}

function compared(
  kind: "submitted" | "existing",
  wanted: NewOrder,
  order: Order,
  lookups: number,
): SubmitOnceOutcome {
  const differs = differingTerms(wanted, order);
  return differs.length > 0
    ? { kind: "mismatch", order, differs, lookups }
    : { kind, order, lookups };
}
