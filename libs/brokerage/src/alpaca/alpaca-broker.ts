/**
 * A strategy's account at Alpaca behind the port. What Alpaca doesn't have is done here or at the paper broker:
 *
 * A1: the kill switches are the paper broker's. Whoever sends asks them before each order that increases a position; engaging one
 *     cancels the open orders at Alpaca that would.
 * A2: the limits are held here, against what Alpaca says is held and open (order-guard.ts).
 * A3: an order about which something can't be asked isn't sent: that is certain, so it may go later.
 * A4: a broker that says when to ask again isn't asked before.
 */
import { z } from "zod";

import { BrokerError } from "../broker-error.ts";
import type { Broker, InstrumentRules, KillSwitchControl, SubmitOutcome } from "../broker-port.ts";
import { fromUnits } from "../decimal.ts";
import { createExchange, type Exchange, expectBody, refusalOf } from "../exchange.ts";
import { cancel, cancelAll, find, listOrders, MAX_LIST, submit } from "../order-requests.ts";
import { NewOrder, NOT_SENT_CODE, type Order, type Position } from "../order.ts";
import { valueOf } from "./account-value.ts";
import type { AlpacaAccount, AlpacaBook } from "./alpaca-book.ts";
import {
  AlpacaAccountState,
  AlpacaAsset,
  AlpacaOrder,
  AlpacaPosition,
  translated,
} from "./alpaca-wire.ts";
import {
  type AccountHoldings,
  changeBy,
  increaseRefused,
  isReducing,
  riskyOpen,
} from "./order-guard.ts";

/** What an account is used with. */
export interface AlpacaOptions {
  readonly account: string;
  readonly switches: KillSwitchControl;
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A wait that the broker asks for without saying how long, in milliseconds. */
const WAIT_MS = 5000;
/** Prices that are remembered for orders that may be open. */
const MAX_PRICES = 1000;
const MINUTE_MS = 60_000;
/** While a kill switch is engaged, open orders are gone through this often, in milliseconds: one may have been under way. */
const SWEEP_MS = 5000;

/** Requests with the account's keys, none before its time (A4). */
export function alpacaExchange(
  url: string,
  keys: AlpacaAccount,
  options: Pick<AlpacaOptions, "timeoutMs" | "signal">,
): Exchange {
  const headers = { "apca-api-key-id": keys.key, "apca-api-secret-key": keys.secret };
  const exchange = translated(createExchange({ ...options, url, headers }));
  return async (method, path, body) => {
    const left = keys.notBefore - performance.now();
    if (left > 0) {
      const message = `${method} ${path.replace(/\?.*$/, "")}: the broker was asked too often; it is asked again in ${Math.ceil(left / 1000)} s`;
      return { kind: "silence", message, cause: undefined };
    }
    const answer = await exchange(method, path, body);
    if (answer.kind === "answer" && answer.status === 429)
      keys.notBefore = performance.now() + (answer.waitMs ?? WAIT_MS);
    return answer;
  };
}

/** The account; one that isn't configured has no place, and everything asked of it is refused. */
export function createAlpacaBroker(book: AlpacaBook, options: AlpacaOptions): Broker {
  const { account, switches } = options;
  const keys = book.accounts.get(account);
  const open = (name: string, of: AlpacaAccount) => accountAt(book.url, of, { ...options, name });
  const ours = keys === undefined ? undefined : open(account, keys);
  const here = () => ours ?? refuseUnknown(account);
  const everywhere = () => Array.from(book.accounts, ([name, of]) => open(name, of));
  const place: Place = { book, everywhere, switches };
  return {
    account,
    submit: async (order) =>
      ours === undefined
        ? {
            kind: "rejected",
            status: 503,
            code: String(NOT_SENT_CODE),
            message: unknownText(account),
          }
        : send(ours, NewOrder.parse(order), place),
    byClientOrderId: async (id) => find(here().requests, id),
    cancel: async (id) => cancel(here().exchange, id),
    cancelAll: async () => cancelAll(here().exchange),
    listOrders: async (query) =>
      listOrders(here().requests, { status: "all", limit: MAX_LIST, ...query }),
    positions: async () => here().positions(),
    accountState: async () =>
      expectBody(await here().exchange("GET", "/v2/account"), AlpacaAccountState),
    heldAccounts: async () => {
      const all = await Promise.all(
        everywhere().map(async (one) => ({ name: one.name, ...(await one.holdings()) })),
      );
      const held = all.filter((one) => one.positions.length + one.open.length > 0);
      return held.map(({ name }) => name).toSorted();
    },
    valueBeside: async (symbol) => fromUnits(await besideOf(here(), symbol, everywhere())),
    instrument: async (symbol) => rulesOf(here().exchange, symbol),
    killSwitch: {
      get: () => switches.get(),
      async engage(change) {
        const state = await switches.engage(change);
        const touched = change.scope === "account" ? [here()] : everywhere();
        if (change.cancelOpen ?? true) await Promise.all(touched.map(cancelRisky));
        return state;
      },
      release(change) {
        for (const one of book.accounts.values()) one.sweptAt = Number.NEGATIVE_INFINITY;
        return switches.release(change);
      },
    },
  };
}

interface Place {
  readonly book: AlpacaBook;
  readonly everywhere: () => readonly AccountAt[];
  readonly switches: KillSwitchControl;
}

interface AccountAt {
  readonly name: string;
  readonly keys: AlpacaAccount;
  readonly exchange: Exchange;
  readonly requests: { readonly exchange: Exchange; readonly wire: z.ZodType<Order> };
  positions(): Promise<readonly Position[]>;
  holdings(): Promise<AccountHoldings>;
}

function accountAt(
  url: string,
  keys: AlpacaAccount,
  { name, ...options }: AlpacaOptions & { readonly name: string },
): AccountAt {
  const exchange = alpacaExchange(url, keys, options);
  const requests = { exchange, wire: AlpacaOrder };
  const positions = async () =>
    expectBody(await exchange("GET", "/v2/positions"), z.array(AlpacaPosition));
  const holdings = async () => ({
    open: await listOrders(requests, { status: "open", limit: MAX_LIST }),
    positions: await positions(),
  });
  return { name, keys, exchange, requests, positions, holdings };
}

function unknownText(account: string): string {
  return `account ${account} has no account at Alpaca: name one in BATON_ALPACA_ACCOUNTS, and start this service again`;
}

function refuseUnknown(account: string): never {
  throw new BrokerError(unknownText(account), undefined, { refused: true });
}

async function send(ours: AccountAt, order: NewOrder, place: Place): Promise<SubmitOutcome> {
  let refused: SubmitOutcome | undefined;
  try {
    refused = await guard(ours, order, place);
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    const message = `it wasn't sent: ${error.message}`;
    return { kind: "rejected", status: 503, code: String(NOT_SENT_CODE), message };
  }
  if (refused !== undefined) return refused;
  const { prices } = ours.keys;
  const price = order.reference_price ?? order.limit_price ?? order.stop_price;
  if (price !== null) prices.set(order.client_order_id, price);
  for (const oldest of prices.keys()) {
    if (prices.size <= MAX_PRICES) break;
    prices.delete(oldest);
  }
  // Alpaca knows no price of reference.
  return submit(ours.requests, { ...order, reference_price: null });
}

async function guard(
  ours: AccountAt,
  order: NewOrder,
  { book, everywhere, switches }: Place,
): Promise<SubmitOutcome | undefined> {
  const holdings = await ours.holdings();
  if (isReducing(order, holdings)) return undefined;
  const change = changeBy(order, holdings);
  const { limits } = book;
  return increaseRefused(ours.name, order, {
    change,
    rules: await rulesOf(ours.exchange, order.symbol),
    killSwitch: await switches.get(),
    limits: limits && { account: limits.of(ours.name), total: limits.total() },
    others: valueOf(holdings, ours.keys.prices, order.symbol),
    beside: await besideOf(ours, order.symbol, everywhere()),
    recent: await recentOf(ours),
  });
}

/** Value of what all accounts hold and have open, other than this account's of `symbol`; in units of 10^-9. */
async function besideOf(
  ours: Pick<AccountAt, "name">,
  symbol: string,
  accounts: readonly AccountAt[],
): Promise<bigint> {
  const values = await Promise.all(
    accounts.map(async (one) =>
      valueOf(await one.holdings(), one.keys.prices, one.name === ours.name ? symbol : undefined),
    ),
  );
  return values.reduce((sum, value) => sum + value, 0n);
}

async function recentOf({ exchange }: AccountAt): Promise<number> {
  const after = new Date(Date.now() - MINUTE_MS).toISOString();
  const query = new URLSearchParams({ status: "all", limit: "500", direction: "asc", after });
  const answer = await exchange("GET", `/v2/orders?${query.toString()}`);
  return expectBody(answer, z.array(z.looseObject({}))).length;
}

async function rulesOf(exchange: Exchange, symbol: string): Promise<InstrumentRules> {
  const answer = await exchange("GET", `/v2/assets/${encodeURIComponent(symbol)}`);
  const unknown = refusalOf(answer)?.status === 404;
  const { tradable, fractionable, shortable } = unknown
    ? { tradable: false, fractionable: false, shortable: false }
    : expectBody(answer, AlpacaAsset);
  return { tradable, fractional: fractionable, shortable, fractionalShort: false, turns: false };
}

async function cancelRisky(ours: AccountAt): Promise<void> {
  const { keys, exchange } = ours;
  if (performance.now() - keys.sweptAt < SWEEP_MS) return;
  for (const { id } of riskyOpen(await ours.holdings())) await cancel(exchange, id);
  keys.sweptAt = performance.now();
}
