/**
 * One account at a broker, over HTTP. Sending an order has four outcomes, all values; nothing here sends anything twice.
 *
 * B1: only HTTP 400, 401, 403, 404 and 422 in the broker's own form (code and message) say that an order was not taken.
 *     Everything else that isn't an order with our client order id (a time-out, a reset, a 5xx, a 429, a proxy's 404, an
 *     answer that can't be read) is ambiguous: the order may be there.
 * B2: every request has a deadline and every answer a largest size.
 */
import { z } from "zod";

import { SignedDecimal } from "./decimal.ts";
import { createExchange, type Exchange, expectBody, refusalOf } from "./exchange.ts";
import {
  Account,
  AccountState,
  DUPLICATE_CODE,
  KillSwitch,
  type KillSwitchScope,
  NewOrder,
  type NewOrderInput,
  Order,
  Position,
} from "./order.ts";

/** How sending an order ended (B1). */
export type SubmitOutcome =
  | { readonly kind: "submitted"; readonly order: Order }
  /** The broker has an order of this client order id already; with which terms must be asked. */
  | { readonly kind: "duplicate"; readonly message: string }
  | {
      readonly kind: "rejected";
      readonly status: number;
      readonly code: string;
      readonly message: string;
    }
  | { readonly kind: "ambiguous"; readonly message: string };

/** How cancelling ended: `not-open` if it was filled or cancelled before. */
export type CancelOutcome = "cancelled" | "not-open" | "not-found";

/** Reads and changes kill switches; each change says who and why. */
export interface KillSwitchControl {
  get(): Promise<KillSwitch>;
  /** Stops new orders, and unless `cancelOpen` is false cancels open ones that would increase risk. The first to engage stays on record. */
  engage(change: {
    scope: KillSwitchScope;
    by: string;
    reason: string;
    cancelOpen?: boolean;
  }): Promise<KillSwitch>;
  release(change: { scope: KillSwitchScope; by: string; reason: string }): Promise<KillSwitch>;
}

/** One account at a broker. Everything but `submit` throws a BrokerError when the broker can't be asked. */
export interface Broker {
  readonly account: Account;
  /** Sends the order once. Use `submitOnce`, which knows what to do after an ambiguous outcome. */
  submit(order: NewOrderInput): Promise<SubmitOutcome>;
  /** The order of that client order id, or undefined if the broker has none. */
  byClientOrderId(clientOrderId: string): Promise<Order | undefined>;
  cancel(orderId: string): Promise<CancelOutcome>;
  /** Cancels every open order of the account; the ids of those that were. */
  cancelAll(): Promise<readonly string[]>;
  /** Orders from the oldest on, over all pages: by default of any status, at most 10,000. */
  listOrders(query?: {
    status?: "open" | "closed" | "all";
    limit?: number;
  }): Promise<readonly Order[]>;
  positions(): Promise<readonly Position[]>;
  accountState(): Promise<AccountState>;
  /** The broker's accounts, of whomever, that hold something or have open orders. */
  heldAccounts(): Promise<readonly Account[]>;
  /** Value of all that any account of the broker holds, at its entry, or has open, other than this account's of `symbol`. */
  valueBeside(symbol: string): Promise<SignedDecimal>;
  readonly killSwitch: KillSwitchControl;
}

/** Where the broker is, and who asks. */
export interface BrokerPlace {
  readonly url: string;
  /** The broker knows each of its users by a token of their own. */
  readonly token: string;
}

/** One account there, and how long to wait for it. */
export interface BrokerOptions extends BrokerPlace {
  /** Deadline of one request, in milliseconds (default 5,000). */
  readonly timeoutMs?: number;
  /** Default `paper`. */
  readonly account?: Account;
  /** W3C trace context that requests carry. */
  readonly traceparent?: string;
  /** Stops waiting; an order that was under way is ambiguous then. */
  readonly signal?: AbortSignal;
}

const PAGE = 500;
const MAX_LIST = 10_000;
const HeldAccounts = z.array(z.object({ account: Account }));
const Value = z.object({ value: SignedDecimal });
const Cancelled = z.array(z.object({ id: z.string(), status: z.int() }));

/** The account `options.account` at the broker under `options.url`; opens nothing until it is used. */
export function createBroker(options: BrokerOptions): Broker {
  const account = Account.parse(options.account ?? "paper");
  const exchange = createExchange({ ...options, account });
  const get = async <T>(path: string, schema: z.ZodType<T>) =>
    expectBody(await exchange("GET", path), schema);
  return {
    account,
    submit: async (order) => submit(exchange, NewOrder.parse(order)),
    byClientOrderId: (clientOrderId) => find(exchange, clientOrderId),
    cancel: (orderId) => cancel(exchange, orderId),
    async cancelAll() {
      const rows = expectBody(await exchange("DELETE", "/v2/orders"), Cancelled);
      return rows.filter(({ status }) => status === 200).map(({ id }) => id);
    },
    listOrders: (query) => listOrders(exchange, { status: "all", limit: MAX_LIST, ...query }),
    positions: () => get("/v2/positions", z.array(Position)),
    accountState: () => get("/v2/account", AccountState),
    heldAccounts: async () => (await get("/v2/accounts", HeldAccounts)).map((held) => held.account),
    async valueBeside(symbol) {
      const query = new URLSearchParams({ symbol }).toString();
      return (await get(`/v2/accounts/value?${query}`, Value)).value;
    },
    killSwitch: {
      get: () => get("/v2/kill-switch", KillSwitch),
      async engage({ cancelOpen = true, ...change }) {
        const body = { ...change, cancel_open: cancelOpen };
        return expectBody(await exchange("PUT", "/v2/kill-switch", body), KillSwitch);
      },
      async release(change) {
        return expectBody(await exchange("DELETE", "/v2/kill-switch", change), KillSwitch);
      },
    },
  };
}

async function submit(exchange: Exchange, order: NewOrder): Promise<SubmitOutcome> {
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
  const parsed = Order.safeParse(answer.status < 300 ? answer.body : undefined);
  if (parsed.success && parsed.data.client_order_id === order.client_order_id)
    return { kind: "submitted", order: parsed.data };
  return { kind: "ambiguous", message: `HTTP ${answer.status}, which says nothing for sure` };
}

async function find(exchange: Exchange, clientOrderId: string): Promise<Order | undefined> {
  const query = new URLSearchParams({ client_order_id: clientOrderId }).toString();
  const answer = await exchange("GET", `/v2/orders:by_client_order_id?${query}`);
  if (refusalOf(answer)?.status === 404) return undefined;
  return expectBody(answer, Order);
}

async function cancel(exchange: Exchange, orderId: string): Promise<CancelOutcome> {
  const answer = await exchange("DELETE", `/v2/orders/${encodeURIComponent(orderId)}`);
  const refused = refusalOf(answer)?.status;
  if (refused === 404) return "not-found";
  if (refused === 422) return "not-open";
  expectBody(answer, z.unknown());
  return "cancelled";
}

async function listOrders(
  exchange: Exchange,
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
    const page = expectBody(answer, z.array(Order));
    orders.push(...page);
    if (page.length < size) break;
  }
  return orders;
}
