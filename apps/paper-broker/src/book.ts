/**
 * The broker's state: a fold over its events and nothing else, so that a restart gives the same book.
 *
 * K1: a client order id belongs to the first order of its account that carried it, for ever (J8).
 * K2: nothing here reads a clock or draws an id: both come with the event.
 */
import {
  fromUnits,
  type KillSwitchScope,
  type Order,
  type Switch,
  toUnits,
} from "@baton/brokerage";

import type { BookEvent, Cancellation } from "./book-event.ts";
import { fillPrice, isImmediate } from "./fill.ts";
import { type Holding, signedUnits, traded, valueOf } from "./holding.ts";

/** Cash that every account starts with. */
const STARTING_CASH = "1000000";

/** An account's part of the book. */
export interface AccountBook {
  /** By order id, oldest first. */
  readonly orders: ReadonlyMap<string, Order>;
  readonly open: ReadonlySet<string>;
  /** Client order id to order id (K1). */
  readonly byClientOrderId: ReadonlyMap<string, string>;
  readonly holdings: ReadonlyMap<string, Holding>;
  /** In units of 10^-9. */
  readonly cash: bigint;
  readonly switch: Switch;
  /** When orders were taken, in Unix milliseconds: those of the minute before the last one. */
  readonly recent: readonly number[];
}

interface MutableAccount extends AccountBook {
  readonly orders: Map<string, Order>;
  readonly open: Set<string>;
  readonly byClientOrderId: Map<string, string>;
  readonly holdings: Map<string, Holding>;
  cash: bigint;
  switch: Switch;
  recent: number[];
}

/** The whole book; `apply` is the only way in which it changes. */
export interface Book {
  /** The account, empty if nothing ever happened in it. */
  account(name: string): AccountBook;
  readonly accounts: ReadonlyMap<string, AccountBook>;
  /** The mesh's hold on every account; engaged and released by the engine alone. */
  readonly mesh: Switch;
  /** A person's switch over every account. */
  readonly all: Switch;
  /** Orders ever taken, over all accounts. */
  readonly size: number;
  apply(event: BookEvent): void;
}

const ONE = 1_000_000_000n;
const MINUTE_MS = 60_000;
const OFF: Switch = { engaged: false };

function emptyAccount(): MutableAccount {
  return {
    orders: new Map(),
    open: new Set(),
    byClientOrderId: new Map(),
    holdings: new Map(),
    cash: toUnits(STARTING_CASH),
    switch: OFF,
    recent: [],
  };
}

/** A book in which nothing has happened yet. */
export function createBook(): Book {
  const accounts = new Map<string, MutableAccount>();
  const nothing = emptyAccount();
  let mesh = OFF;
  let all = OFF;
  let size = 0;

  function accountFor(name: string): MutableAccount {
    const found = accounts.get(name) ?? emptyAccount();
    accounts.set(name, found);
    return found;
  }
  function cancelAll(cancelled: readonly Cancellation[], at: string): void {
    for (const { account, id } of cancelled) cancelOrder(accountFor(account), id, at);
  }
  function setSwitch(
    { scope, account }: { scope: KillSwitchScope; account: string | null },
    next: Switch,
  ): void {
    if (scope === "mesh") mesh = next;
    else if (scope === "all") all = next;
    else if (account !== null) accountFor(account).switch = next;
  }
  return {
    account: (name) => accounts.get(name) ?? nothing,
    accounts,
    get mesh() {
      return mesh;
    },
    get all() {
      return all;
    },
    get size() {
      return size;
    },
    apply(event) {
      switch (event.type) {
        case "order":
          takeOrder(accountFor(event.account), event);
          size += 1;
          break;
        case "fill":
          fillOpen(accountFor(event.account), event);
          break;
        case "cancel":
          cancelAll(event.cancelled, event.at);
          break;
        case "engage": {
          const { by, reason, at } = event;
          setSwitch(event, { engaged: true, by, reason, since: at });
          cancelAll(event.cancelled, at);
          break;
        }
        case "release":
          setSwitch(event, OFF);
          break;
      }
    },
  };
}

function takeOrder(account: MutableAccount, event: Extract<BookEvent, { type: "order" }>): void {
  const { order, id, at } = event;
  const price = fillPrice(order);
  const gone = price === null && isImmediate(order);
  const { reference_price: _, ...terms } = order;
  account.orders.set(id, {
    ...terms,
    id,
    created_at: at,
    filled_at: price === null ? null : at,
    canceled_at: gone ? at : null,
    filled_qty: price === null ? "0" : order.qty,
    filled_avg_price: price,
    status: price === null ? (gone ? "canceled" : "new") : "filled",
  });
  account.byClientOrderId.set(order.client_order_id, id);
  const takenAt = Date.parse(at);
  account.recent = [...lastMinute(account.recent, takenAt), takenAt];
  if (price === null) {
    if (!gone) account.open.add(id);
    return;
  }
  trade(account, order, toUnits(price));
}

function trade(
  account: MutableAccount,
  order: Pick<Order, "symbol" | "side" | "qty">,
  price: bigint,
): void {
  const change = signedUnits(order);
  const holding = traded(account.holdings.get(order.symbol), change, price);
  if (holding) account.holdings.set(order.symbol, holding);
  else account.holdings.delete(order.symbol);
  account.cash -= valueOf(change, price);
}

function fillOpen(account: MutableAccount, event: Extract<BookEvent, { type: "fill" }>): void {
  const { id, qty, price, at } = event;
  const order = account.orders.get(id);
  if (!order || !account.open.has(id)) return;
  const before = toUnits(order.filled_qty);
  const filled = before + toUnits(qty);
  const paid =
    valueOf(before, toUnits(order.filled_avg_price ?? "0")) + valueOf(toUnits(qty), toUnits(price));
  const isWhole = filled >= toUnits(order.qty);
  account.orders.set(id, {
    ...order,
    filled_qty: fromUnits(filled),
    filled_avg_price: fromUnits((paid * ONE) / filled),
    filled_at: isWhole ? at : null,
    status: isWhole ? "filled" : "partially_filled",
  });
  if (isWhole) account.open.delete(id);
  trade(account, { ...order, qty }, toUnits(price));
}

function cancelOrder(account: MutableAccount, id: string, at: string): void {
  const order = account.orders.get(id);
  if (!order || !account.open.delete(id)) return;
  account.orders.set(id, { ...order, status: "canceled", canceled_at: at });
}

/** Those of the times that lie less than a minute before `now`; in Unix milliseconds. */
export function lastMinute(times: readonly number[], now: number): number[] {
  return times.filter((time) => now - time < MINUTE_MS);
}

/** The account's cash as text. */
export function cashOf(account: AccountBook): string {
  return fromUnits(account.cash);
}
