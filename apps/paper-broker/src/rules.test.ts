import {
  KILL_SWITCH_CODE,
  KillSwitchChange,
  type KillSwitchScope,
  type NewOrder,
  NOT_ALLOWED_CODE,
} from "@baton/brokerage";
import { expect, test } from "vitest";

import { type Book, cashOf, createBook } from "./book.ts";
import { toPosition } from "./holding.ts";
import { cancelEvery, cancelOne, engage, release, takeOrder } from "./rules.ts";
import { order, restingOrder } from "./testing/order.ts";

const AT = "2026-01-05T12:00:00.000Z";
const stop = (scope: KillSwitchScope, cancelOpen = true) =>
  KillSwitchChange.parse({ scope, by: "ops", reason: "drill", cancel_open: cancelOpen });

/** Takes the order and applies it; the refusal's code, or the order's status. */
function take(book: Book, account: string, wanted: NewOrder): string | number {
  const decision = takeOrder(book, account, wanted, { at: AT });
  if (decision.kind === "refused") return decision.code;
  book.apply(decision.event);
  return book.account(account).orders.get(decision.event.id)?.status ?? "lost";
}

function change(book: Book, event: Parameters<Book["apply"]>[0] | null): void {
  if (event) book.apply(event);
}

const positions = (book: Book, account: string) =>
  Array.from(book.account(account).holdings, ([symbol, held]) => toPosition(symbol, held));

test("J8: a client order id is taken once per account; the first order's terms are kept", () => {
  const book = createBook();
  expect(take(book, "paper", order({ qty: "1" }))).toBe("filled");
  expect(takeOrder(book, "paper", order({ qty: "2" }), { at: AT })).toEqual({
    kind: "refused",
    status: 422,
    code: 40_010_001,
    message: "client_order_id must be unique",
  });
  expect(take(book, "other", order({ qty: "2" }))).toBe("filled");
  expect([...book.account("paper").orders.values()].map(({ qty }) => qty)).toEqual(["1"]);
});

test("buying, adding, reducing and turning give exact positions, entry prices and cash", () => {
  const book = createBook();
  const trade = (id: string, side: "buy" | "sell", qty: string, price: string) =>
    take(book, "paper", order({ client_order_id: id, side, qty, reference_price: price }));
  trade("1", "buy", "0.1", "100");
  trade("2", "buy", "0.2", "130");
  expect(positions(book, "paper")).toEqual([
    { symbol: "SPX", qty: "0.3", side: "long", avg_entry_price: "120" },
  ]);
  trade("3", "sell", "0.1", "200");
  expect(positions(book, "paper")[0]).toMatchObject({ qty: "0.2", avg_entry_price: "120" });
  trade("4", "sell", "0.5", "200");
  expect(positions(book, "paper")[0]).toEqual({
    symbol: "SPX",
    qty: "-0.3",
    side: "short",
    avg_entry_price: "200",
  });
  trade("5", "buy", "0.3", "190");
  expect(positions(book, "paper")).toEqual([]);
  // -10 -26 +20 +100 -57
  expect(cashOf(book.account("paper"))).toBe("1000027");
});

test("an order that can't be filled at once stays open, or is gone if it is ioc or fok", () => {
  const book = createBook();
  expect(take(book, "paper", restingOrder({ client_order_id: "a" }))).toBe("new");
  for (const tif of ["ioc", "fok"] as const)
    expect(take(book, "paper", restingOrder({ client_order_id: tif, time_in_force: tif }))).toBe(
      "canceled",
    );
  expect(book.account("paper").open.size).toBe(1);
});

test("an open order is cancelled once; a filled or unknown one isn't", () => {
  const book = createBook();
  take(book, "paper", restingOrder());
  const id = [...book.account("paper").open][0] ?? "";
  const first = cancelOne(book, "paper", id, AT);
  expect(first.kind).toBe("granted");
  if (first.kind === "granted") book.apply(first.event);
  expect(cancelOne(book, "paper", id, AT)).toMatchObject({ kind: "refused", status: 422 });
  expect(cancelOne(book, "paper", "nothing", AT)).toMatchObject({ kind: "refused", status: 404 });
  expect(cancelOne(book, "other", id, AT)).toMatchObject({ kind: "refused", status: 404 });
  expect(cancelEvery(book, "paper", AT)).toBeNull();
});

test("J7: an engaged kill switch refuses new orders, and never cancels or closes", () => {
  const book = createBook();
  take(book, "paper", order({ client_order_id: "long", qty: "2" }));
  take(book, "paper", restingOrder({ client_order_id: "resting" }));
  change(book, engage(book, "paper", stop("account", false), AT));
  const next = (id: string, side: "buy" | "sell", qty: string) =>
    take(book, "paper", order({ client_order_id: id, side, qty }));
  expect(next("more", "buy", "1")).toBe(KILL_SWITCH_CODE);
  expect(next("turn", "sell", "2.000000001")).toBe(KILL_SWITCH_CODE);
  expect(next("close-half", "sell", "1")).toBe("filled");
  expect(next("close-rest", "sell", "1")).toBe("filled");
  expect(next("short", "sell", "1")).toBe(KILL_SWITCH_CODE);
  expect(cancelOne(book, "paper", [...book.account("paper").open][0] ?? "", AT).kind).toBe(
    "granted",
  );
  expect(take(book, "other", order())).toBe("filled");
  change(book, release(book, "paper", stop("account"), AT));
  expect(next("more", "buy", "1")).toBe("filled");
});

test("J7: open closes count: together they may not turn the position", () => {
  const book = createBook();
  take(book, "paper", order({ client_order_id: "long", qty: "2" }));
  change(book, engage(book, "paper", stop("account"), AT));
  const close = (id: string, qty: string) =>
    take(book, "paper", restingOrder({ client_order_id: id, side: "sell", qty }));
  expect(close("a", "1.5")).toBe("new");
  expect(close("b", "1")).toBe(KILL_SWITCH_CODE);
  expect(close("c", "0.5")).toBe("new");
});

test("engaging cancels the open orders that would increase risk, and leaves closes alone", () => {
  const book = createBook();
  take(book, "paper", order({ client_order_id: "long", qty: "2" }));
  take(book, "paper", restingOrder({ client_order_id: "add" }));
  take(book, "paper", restingOrder({ client_order_id: "close", side: "sell", qty: "2" }));
  take(book, "paper", restingOrder({ client_order_id: "too-much", side: "sell", qty: "1" }));
  take(book, "other", restingOrder());
  change(book, engage(book, "paper", stop("account"), AT));
  const statuses = [...book.account("paper").orders.values()].map(
    (each) => `${each.client_order_id} ${each.status}`,
  );
  expect(statuses).toEqual(["long filled", "add canceled", "close new", "too-much canceled"]);
  expect(book.account("other").open.size).toBe(1);
});

test("engaging again leaves the first one on record and cancels what it had left open", () => {
  const book = createBook();
  take(book, "paper", restingOrder());
  take(book, "other", restingOrder());
  change(book, engage(book, "paper", stop("all", false), AT));
  expect(engage(book, "paper", stop("all", false), AT)).toBeNull();
  const again = { ...stop("all"), by: "others" };
  const event = engage(book, "paper", again, AT);
  expect(event).toMatchObject({ type: "cancel", cancelled: [{}, {}] });
  change(book, event);
  expect(engage(book, "paper", again, AT)).toBeNull();
  expect(book.all).toMatchObject({ engaged: true, by: "ops" });
});

test("J7: the mesh's hold, a person's and an account's are released each for itself; any of them stops", () => {
  const scopes: readonly KillSwitchScope[] = ["mesh", "all", "account"];
  for (const left of scopes) {
    const book = createBook();
    for (const scope of scopes) change(book, engage(book, "paper", stop(scope), AT));
    for (const scope of scopes)
      if (scope !== left) change(book, release(book, "paper", stop(scope), AT));
    expect(take(book, "paper", order())).toBe(KILL_SWITCH_CODE);
    expect(take(book, "other", order())).toBe(left === "account" ? "filled" : KILL_SWITCH_CODE);
    change(book, release(book, "paper", stop(left), AT));
    expect(release(book, "paper", stop(left), AT)).toBeNull();
    expect(take(book, "paper", order())).toBe("filled");
  }
});

test("who may only take away gets nothing that would open, add to or turn a position", () => {
  const book = createBook();
  take(book, "paper", order({ client_order_id: "long", qty: "2" }));
  const only = (id: string, side: "buy" | "sell", qty: string) =>
    takeOrder(book, "paper", order({ client_order_id: id, side, qty }), {
      at: AT,
      onlyReducing: true,
    });
  for (const [side, qty] of [
    ["buy", "1"],
    ["sell", "2.000000001"],
  ] as const)
    expect(only("x", side, qty)).toMatchObject({ status: 403, code: NOT_ALLOWED_CODE });
  expect(only("close", "sell", "2").kind).toBe("granted");
});
