/**
 * What the broker does with a request: an event to store, or a refusal. Pure; the caller stores the event before it
 * answers.
 */
import { createHash } from "node:crypto";

import {
  DEFAULT_LIMITS,
  DEFAULT_TOTAL,
  DUPLICATE_CODE,
  KILL_SWITCH_CODE,
  type KillSwitchChange,
  type KillSwitchScope,
  LIMIT_CODE,
  limitBroken,
  type NewOrder,
  NOT_ALLOWED_CODE,
  type Order,
  type OrderLimits,
  type PositionChange,
  type Switch,
  totalBroken,
  type TotalLimits,
  toUnits,
} from "@baton/brokerage";

import type { BookEvent, Cancellation } from "./book-event.ts";
import { type AccountBook, type Book, lastMinute } from "./book.ts";
import { reduces, signedUnits, valueOf } from "./holding.ts";

/** Most orders that one broker keeps; its ledger and its memory are bounded by it. */
const MAX_ORDERS = 200_000;

/** The broker says no. */
export interface Refused {
  readonly kind: "refused";
  readonly status: 403 | 404 | 422;
  readonly code: number;
  readonly message: string;
}

/** The broker does it, once `event` is stored; null if there is nothing to do. */
export interface Granted<E> {
  readonly kind: "granted";
  readonly event: E;
}

const refuse = (status: Refused["status"], code: number, message: string): Refused => ({
  kind: "refused",
  status,
  code,
  message,
});

type OrderEvent = Extract<BookEvent, { type: "order" }>;
type CancelEvent = Extract<BookEvent, { type: "cancel" }>;
type SwitchEvent = Extract<BookEvent, { type: "engage" | "release" }>;

/**
 * Takes an order, unless its client id was seen (K1), a kill switch stops it, or it would exceed one of the account's limits;
 * orders that only reduce a position pass switch and limits.
 */
export function takeOrder(
  book: Book,
  account: string,
  order: NewOrder,
  {
    at,
    limits = DEFAULT_LIMITS,
    total = DEFAULT_TOTAL,
    onlyReducing = false,
  }: {
    readonly at: string;
    readonly limits?: OrderLimits;
    readonly total?: TotalLimits;
    readonly onlyReducing?: boolean;
  },
): Granted<OrderEvent> | Refused {
  const ours = book.account(account);
  if (ours.byClientOrderId.has(order.client_order_id))
    return refuse(422, DUPLICATE_CODE, "client_order_id must be unique");
  if (onlyReducing && !isReducing(ours, order))
    return refuse(
      403,
      NOT_ALLOWED_CODE,
      `whoever sent this may only take away from what account ${account} holds`,
    );
  const engaged = engagedSwitch(book, ours);
  if (engaged && !isReducing(ours, order)) {
    const whose = engaged === ours.switch ? `of account ${account}` : "of all accounts";
    const message = `the kill switch ${whose} is engaged since ${engaged.since} by ${engaged.by}: ${engaged.reason}`;
    return refuse(403, KILL_SWITCH_CODE, message);
  }
  const broken = isReducing(ours, order)
    ? undefined
    : (limitOf(ours, order, { at, limits }) ?? totalOf(book, ours, { order, total }));
  if (broken !== undefined) return refuse(403, LIMIT_CODE, broken);
  if (book.size >= MAX_ORDERS)
    return refuse(
      403,
      40_310_200,
      `the broker holds its limit of ${MAX_ORDERS} orders; start it on a new directory`,
    );
  const id = orderId(account, order.client_order_id);
  return { kind: "granted", event: { type: "order", at, account, id, order } };
}

/** Cancels one open order; never stopped by a kill switch. */
export function cancelOne(
  book: Book,
  account: string,
  id: string,
  at: string,
): Granted<CancelEvent> | Refused {
  const ours = book.account(account);
  const order = ours.orders.get(id);
  if (!order) return refuse(404, 40_410_000, "order not found");
  if (!ours.open.has(id))
    return refuse(422, 42_210_000, `order is not cancelable: it is ${order.status}`);
  return { kind: "granted", event: { type: "cancel", at, cancelled: [{ account, id }] } };
}

/** Cancels every open order of the account; null if there is none. */
export function cancelEvery(book: Book, account: string, at: string): CancelEvent | null {
  const cancelled = Array.from(book.account(account).open, (id) => ({ account, id }));
  return cancelled.length === 0 ? null : { type: "cancel", at, cancelled };
}

/**
 * Engages a switch. If it is engaged already, the first to engage stays on record; open orders that would increase risk are
 * cancelled all the same, if there are any. Null if there is nothing to do.
 */
export function engage(
  book: Book,
  account: string,
  change: KillSwitchChange,
  at: string,
): SwitchEvent | CancelEvent | null {
  const { by, reason, scope } = change;
  const names = scope === "account" ? [account] : [...book.accounts.keys()];
  const cancelled = change.cancel_open
    ? names.flatMap((name) => riskyOpenOrders(name, book.account(name)))
    : [];
  if (!switchOf(book, scope, account).engaged)
    return { type: "engage", at, by, reason, ...subject(scope, account), cancelled };
  return cancelled.length === 0 ? null : { type: "cancel", at, cancelled };
}

/** Releases a switch, and no other that is engaged beside it; null if it isn't engaged. */
export function release(
  book: Book,
  account: string,
  change: KillSwitchChange,
  at: string,
): SwitchEvent | null {
  const { by, reason, scope } = change;
  if (!switchOf(book, scope, account).engaged) return null;
  return { type: "release", at, by, reason, ...subject(scope, account) };
}

function switchOf(book: Book, scope: KillSwitchScope, account: string): Switch {
  return scope === "account" ? book.account(account).switch : book[scope];
}

function subject(scope: KillSwitchScope, account: string) {
  return { scope, account: scope === "account" ? account : null };
}

function engagedSwitch(book: Book, account: AccountBook) {
  for (const one of [book.mesh, book.all, account.switch]) if (one.engaged) return one;
  return undefined;
}

/** True if the order, together with open ones in its direction, at most closes what is held. */
function isReducing(account: AccountBook, order: NewOrder): boolean {
  const held = account.holdings.get(order.symbol);
  const change = signedUnits(order);
  return reduces(held, change, openUnits(account, order.symbol, order.side));
}

/** Which limit the order would break, with all that is open in its direction filled; undefined if none. */
function limitOf(
  account: AccountBook,
  order: NewOrder,
  { at, limits }: { readonly at: string; readonly limits: OrderLimits },
): string | undefined {
  const change = changeBy(account, order);
  const recent = lastMinute(account.recent, Date.parse(at)).length;
  return limitBroken(limits, change, { others: othersValue(account, order.symbol), recent });
}

/** Whether the order would break the limit of all accounts together, in the same way. */
function totalOf(
  book: Book,
  ours: AccountBook,
  { order, total }: { readonly order: NewOrder; readonly total: TotalLimits },
): string | undefined {
  return totalBroken(total, changeBy(ours, order), valueBeside(book, ours, order.symbol));
}

/** Value of what all accounts hold and have open, other than this account's of `symbol`; in units of 10^-9. */
export function valueBeside(book: Book, ours: AccountBook, symbol: string): bigint {
  let value = 0n;
  for (const account of book.accounts.values())
    value += othersValue(account, account === ours ? symbol : undefined);
  return value;
}

/** The position with all that is open in the order's direction filled, and what the order changes. */
function changeBy(account: AccountBook, order: NewOrder): PositionChange {
  const { symbol, side } = order;
  const held = (account.holdings.get(symbol)?.units ?? 0n) + openUnits(account, symbol, side);
  return { symbol, held, change: signedUnits(order), price: priceOf(order) };
}

/** The highest price that an order names, in units of 10^-9; null if it names none. */
function priceOf(
  order: Pick<NewOrder, "limit_price" | "stop_price"> & {
    readonly reference_price?: string | null;
  },
): bigint | null {
  const { reference_price: reference = null, limit_price: limit, stop_price: stop } = order;
  const prices = [reference, limit, stop].flatMap((price) =>
    price === null ? [] : [toUnits(price)],
  );
  return prices.reduce<bigint | null>(
    (high, one) => (high === null || one > high ? one : high),
    null,
  );
}

/** Value of what is held at its entry, and of what is open, other than in `symbol` if given; in units of 10^-9. */
function othersValue(account: AccountBook, symbol: string | undefined): bigint {
  let total = 0n;
  for (const [other, { units, entry }] of account.holdings)
    if (other !== symbol) total += valueOf(units < 0n ? -units : units, entry);
  for (const id of account.open) {
    const order = account.orders.get(id);
    if (order && order.symbol !== symbol)
      total += valueOf(toUnits(order.qty), priceOf(order) ?? 0n);
  }
  return total;
}

/** What of an order isn't filled yet, with its direction. */
function restOf({ side, qty, filled_qty: filled }: Order): bigint {
  return signedUnits({ side, qty }) - signedUnits({ side, qty: filled });
}

function openUnits(account: AccountBook, symbol: string, side: string): bigint {
  let units = 0n;
  for (const id of account.open) {
    const order = account.orders.get(id);
    if (order?.symbol === symbol && order.side === side) units += restOf(order);
  }
  return units;
}

function riskyOpenOrders(name: string, account: AccountBook): Cancellation[] {
  const risky: Cancellation[] = [];
  const kept = new Map<string, bigint>();
  for (const id of account.open) {
    const order = account.orders.get(id);
    if (!order) continue;
    const key = `${order.symbol}.${order.side}`;
    const change = restOf(order);
    const pending = kept.get(key) ?? 0n;
    if (reduces(account.holdings.get(order.symbol), change, pending))
      kept.set(key, pending + change);
    else risky.push({ account: name, id });
  }
  return risky;
}

/** The same client order id in the same account always gets the same order id, in the form of a UUID (version 8). */
function orderId(account: string, clientOrderId: string): string {
  const hex = createHash("sha256").update(`${account}\n${clientOrderId}`).digest("hex");
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return parts.join("-");
}
