/**
 * One account at a broker, over HTTP. Sending an order has four outcomes, all values; nothing here sends anything twice.
 *
 * B1: only HTTP 400, 401, 403, 404 and 422 in the broker's own form (code and message) say that an order was not taken.
 *     Everything else that isn't an order with our client order id (a time-out, a reset, a 5xx, a 429, a proxy's 404, an
 *     answer that can't be read) is ambiguous: the order may be there.
 * B2: every request has a deadline and every answer a largest size.
 * B3: at Alpaca are the accounts of strategies; those of drills, and every kill switch, stay at the paper broker.
 */
import { z } from "zod";

import type { AlpacaBook } from "./alpaca/alpaca-book.ts";
import { createAlpacaBroker } from "./alpaca/alpaca-broker.ts";
import type { Broker } from "./broker-port.ts";
import { SignedDecimal } from "./decimal.ts";
import { createExchange, expectBody } from "./exchange.ts";
import { cancel, cancelAll, find, listOrders, MAX_LIST, submit } from "./order-requests.ts";
import { Account, AccountState, KillSwitch, NewOrder, Order, Position } from "./order.ts";

/** Where the brokers are, and who asks. */
export interface BrokerPlace {
  /** Of the paper broker. */
  readonly url: string;
  /** It knows each of its users by a token of their own. */
  readonly token: string;
  /** The accounts at Alpaca, if strategies trade there. */
  readonly alpaca?: AlpacaBook | undefined;
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

/** The account that no strategy has. */
const NOBODYS = "paper";
const DRILL = /^drill-/;
const HeldAccounts = z.array(z.object({ account: Account }));
const Value = z.object({ value: SignedDecimal });
const ANYTHING = {
  tradable: true,
  fractional: true,
  shortable: true,
  fractionalShort: true,
  turns: true,
};

/** True if the account has a place: a drill's always has, a strategy's only where it is configured. */
export function hasAccount({ alpaca }: Pick<BrokerPlace, "alpaca">, account: Account): boolean {
  return alpaca === undefined || DRILL.test(account) || alpaca.accounts.has(account);
}

/** An account in which what concerns all of them can be asked; undefined for the one that it is by default. */
export function anyAccount({ alpaca }: Pick<BrokerPlace, "alpaca">): Account | undefined {
  return alpaca?.accounts.keys().next().value;
}

/** The account `options.account` of its broker (B3); opens nothing until it is used. */
export function createBroker(options: BrokerOptions): Broker {
  const account = Account.parse(options.account ?? NOBODYS);
  const paper = createPaperBroker(options, account);
  const { alpaca } = options;
  if (alpaca === undefined || account === NOBODYS || DRILL.test(account)) return paper;
  return createAlpacaBroker(alpaca, { ...options, account, switches: paper.killSwitch });
}

function createPaperBroker(options: BrokerOptions, account: Account): Broker {
  const headers = {
    authorization: `Bearer ${options.token}`,
    ...(options.traceparent !== undefined && { traceparent: options.traceparent }),
  };
  const exchange = createExchange({ ...options, account, headers });
  const requests = { exchange, wire: Order };
  const get = async <T>(path: string, schema: z.ZodType<T>) =>
    expectBody(await exchange("GET", path), schema);
  return {
    account,
    submit: async (order) => submit(requests, NewOrder.parse(order)),
    byClientOrderId: (clientOrderId) => find(requests, clientOrderId),
    cancel: (orderId) => cancel(exchange, orderId),
    cancelAll: () => cancelAll(exchange),
    listOrders: (query) => listOrders(requests, { status: "all", limit: MAX_LIST, ...query }),
    positions: () => get("/v2/positions", z.array(Position)),
    accountState: () => get("/v2/account", AccountState),
    heldAccounts: async () => (await get("/v2/accounts", HeldAccounts)).map((held) => held.account),
    async valueBeside(symbol) {
      const query = new URLSearchParams({ symbol }).toString();
      return (await get(`/v2/accounts/value?${query}`, Value)).value;
    },
    instrument: () => Promise.resolve(ANYTHING),
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
