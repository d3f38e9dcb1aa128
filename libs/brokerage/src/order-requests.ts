/** Requests about orders that every broker of Alpaca's shape takes alike. */
import { z } from "zod";

import type { CancelOutcome, SubmitOutcome } from "./broker-port.ts";
import { type Exchange, expectBody, refusalOf } from "./exchange.ts";
import { DUPLICATE_CODE, type NewOrder, type Order } from "./order.ts";

const PAGE = 500;
/** Most orders that are listed. */
export const MAX_LIST = 10_000;

const Cancelled = z.array(z.object({ id: z.string(), status: z.int() }));

/** How one broker is asked, and how it writes an order. */
export interface OrderRequests {
  readonly exchange: Exchange;
  readonly wire: z.ZodType<Order>;
}

/** Cancels every open order of the account; the ids of those that were. */
export async function cancelAll(exchange: Exchange): Promise<readonly string[]> {
  const rows = expectBody(await exchange("DELETE", "/v2/orders"), Cancelled);
  return rows.filter(({ status }) => status === 200).map(({ id }) => id);
}

/** Sends the order once (B1). */
export async function submit(
  { exchange, wire }: OrderRequests,
  order: NewOrder,
): Promise<SubmitOutcome> {
  // Prices that the order doesn't have are left out, as brokers expect.
  const body = Object.fromEntries(Object.entries(order).filter(([, value]) => value !== null));
  const answer = await exchange("POST", "/v2/orders", body);
  if (answer.kind === "silence") return { kind: "ambiguous", message: answer.message };
  const refusal = refusalOf(answer);
  if (refusal) {
    const { status, code, message } = refusal;
    const duplicate = status === 422 && code === DUPLICATE_CODE && message.includes("unique");
    if (duplicate) return { kind: "duplicate", message };
    return { kind: "rejected", status, code: String(code), message };
  }
  const parsed = wire.safeParse(answer.status < 300 ? answer.body : undefined);
  if (parsed.success && parsed.data.client_order_id === order.client_order_id)
    return { kind: "submitted", order: parsed.data };
  return { kind: "ambiguous", message: `HTTP ${answer.status}, which says nothing for sure` };
}

/** The order of that client order id; undefined if the broker itself says that there is none. */
export async function find(
  { exchange, wire }: OrderRequests,
  clientOrderId: string,
): Promise<Order | undefined> {
  const query = new URLSearchParams({ client_order_id: clientOrderId }).toString();
  const answer = await exchange("GET", `/v2/orders:by_client_order_id?${query}`);
  if (refusalOf(answer)?.status === 404) return undefined;
  return expectBody(answer, wire);
}

/** Cancels one order. */
export async function cancel(exchange: Exchange, orderId: string): Promise<CancelOutcome> {
  const answer = await exchange("DELETE", `/v2/orders/${encodeURIComponent(orderId)}`);
  const refused = refusalOf(answer)?.status;
  if (refused === 404) return "not-found";
  if (refused === 422) return "not-open";
  expectBody(answer, z.unknown());
  return "cancelled";
}

/** Orders from the oldest on, page by page. */
export async function listOrders(
  { exchange, wire }: OrderRequests,
  { status, limit }: { status: string; limit: number },
): Promise<readonly Order[]> {
  const orders: Order[] = [];
  const most = Math.min(limit, MAX_LIST);
  while (orders.length < most) {
    const size = Math.min(PAGE, most - orders.length);
    const query = new URLSearchParams({ status, direction: "asc", limit: String(size) });
    const last = orders.at(-1);
    if (last) query.set("after_order_id", last.id);
    const answer = await exchange("GET", `/v2/orders?${query.toString()}`);
    const page = expectBody(answer, z.array(wire));
    orders.push(...page);
    if (page.length < size) break;
  }
  return orders;
}
