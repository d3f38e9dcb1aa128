/**
 * The broker as Alpaca would answer: the headers of its keys, its bodies, its refusals. So the adapter is tested over HTTP against
 * what keeps a ledger. The market is set by whoever tests.
 */
import { createHash, randomUUID, timingSafeEqual } from "node:crypto";

import { fromUnits, NewOrder, type Order, toUnits } from "@baton/brokerage";
import { type Context, Hono } from "hono";
import { z } from "zod";

import { assetOf, type Market, MarketChange, openMarket } from "./alpaca-market.ts";
import { AlpacaNewOrder, alpacaRefuses, type SizedOrder } from "./alpaca-rules.ts";
import { cashOf } from "./book.ts";
import { type Fault, FAULT_HEADER, type FaultPlans } from "./faults.ts";
import { toPosition } from "./holding.ts";
import { listOrders, ListingQuery } from "./order-listing.ts";
import type { PaperBroker } from "./paper-broker.ts";
import { BadRequest, bodyOf, fail, parse } from "./requests.ts";

/** The header by which Alpaca knows who asks. */
export const KEY_HEADER = "apca-api-key-id";
/** Where Alpaca's clients bring the secret. */
export const SECRET_HEADER = "apca-api-secret-key";

/** What it works with. */
export interface AlpacaApiOptions {
  readonly broker: PaperBroker;
  /** Keys by account. */
  readonly accounts: ReadonlyMap<string, { readonly key: string; readonly secret: string }>;
  readonly faults: FaultPlans;
  /** Whoever has keys may set the market too. */
  readonly faultsAllowed: boolean;
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
}

interface Known {
  Variables: { account: string };
}
type Ask = Context<Known>;

/** The routes. */
export function createAlpacaApi(options: AlpacaApiOptions): Hono<Known> {
  const app = new Hono<Known>();
  const whose = accountOfKeys(options.accounts);
  const market = openMarket();
  app.use(async (context, next) => {
    const { req } = context;
    const account = whose(req.header(KEY_HEADER), req.header(SECRET_HEADER));
    if (account === undefined) return context.json({ message: "unauthorized." }, 401);
    context.set("account", account);
    context.header("x-ratelimit-limit", "200");
    if (options.faults.take(["busy-429"], account, req.header(FAULT_HEADER))) {
      context.header("retry-after", "1");
      return context.json({ message: "too many requests." }, 429);
    }
    return next();
  });
  orderRoutes(app, options, market);
  readingRoutes(app, options.broker, market);
  if (options.faultsAllowed) marketRoutes(app, options.broker, market);
  app.notFound((context) =>
    context.json({ code: 40_410_000, message: "endpoint not found." }, 404),
  );
  app.onError((error, context) => {
    if (error instanceof BadRequest)
      return context.json({ code: 40_010_001, message: error.message }, error.status);
    options.onError(error);
    return context.json({ code: 50_010_000, message: "internal server error" }, 500);
  });
  return app;
}

function orderRoutes(app: Hono<Known>, options: AlpacaApiOptions, market: Market): void {
  const { broker, faults, signal } = options;
  app.post("/v2/orders", async (context) => {
    const account = context.get("account");
    const order = sized(await bodyOf(context, AlpacaNewOrder), market);
    const wanted: Fault[] = ["stored-504", "stored-silent", "lost-504", "lost-silent"];
    const fault = faults.take(wanted, account, context.req.header(FAULT_HEADER));
    if (fault?.startsWith("lost")) return fail(context, fault, signal);
    const refused = await broker.view(account, (book) => alpacaRefuses(book, order, market));
    if (refused) return context.json(refused.body, refused.status);
    const taken = await broker.take(account, atMarket(order, market));
    if (fault) return fail(context, fault, signal);
    if ("kind" in taken)
      return context.json({ code: taken.code, message: taken.message }, taken.status);
    return context.json(alpacaOrder(taken), 200);
  });
  app.get("/v2/orders:by_client_order_id", async (context) => {
    const account = context.get("account");
    const id = parse(
      z.string().min(1).max(200),
      context.req.query("client_order_id"),
      "client_order_id",
    );
    const fault = faults.take(["lookup-504"], account, context.req.header(FAULT_HEADER));
    if (fault) return fail(context, fault, signal);
    const order = await broker.view(account, ({ orders, byClientOrderId }) =>
      orders.get(byClientOrderId.get(id) ?? ""),
    );
    return order
      ? context.json(alpacaOrder(order))
      : notFound(context, `order not found for ${id}`);
  });
  app.get("/v2/orders", async (context) => {
    const query = parse(ListingQuery, context.req.query(), "query");
    const after = Date.parse(context.req.query("after") ?? "1970-01-01");
    const page = await broker.view(context.get("account"), (book) => listOrders(book, query));
    const orders = (page ?? []).filter((one) => Date.parse(one.created_at) > after);
    return context.json(orders.map(alpacaOrder));
  });
  app.delete("/v2/orders", async (context) => {
    const ids = await broker.cancelAll(context.get("account"));
    return context.json(
      ids.map((id) => ({ id, status: 200 })),
      207,
    );
  });
  app.delete("/v2/orders/:id", async (context) => {
    const refused = await broker.cancel(context.get("account"), context.req.param("id"));
    if (refused?.status === 404)
      return notFound(context, `order not found for ${context.req.param("id")}`);
    if (refused) return context.json({ code: 42_210_000, message: "order is not cancelable" }, 422);
    return context.body(null, 204);
  });
}

function readingRoutes(app: Hono<Known>, broker: PaperBroker, market: Market): void {
  app.get("/v2/positions", async (context) =>
    context.json(
      await broker.view(context.get("account"), ({ holdings }) =>
        Array.from(holdings, ([symbol, holding]) => {
          const { avg_entry_price: price, ...position } = toPosition(symbol, holding);
          // As many digits as a division gives.
          const digits = price.includes(".") ? `${price}0000000001` : price;
          return { ...position, avg_entry_price: digits, asset_class: "us_equity" };
        }),
      ),
    ),
  );
  app.get("/v2/account", async (context) => {
    const account = context.get("account");
    return context.json({
      id: createHash("sha256").update(account).digest("hex").slice(0, 32),
      account_number: `PA${account.toUpperCase()}`,
      status: "ACTIVE",
      currency: "USD",
      cash: await broker.view(account, cashOf),
      buying_power: market.buying_power,
      trading_blocked: false,
      account_blocked: false,
      trade_suspended_by_user: false,
    });
  });
  app.get("/v2/assets/:symbol", (context) => {
    const symbol = context.req.param("symbol");
    const asset = assetOf(market, symbol);
    if (asset === undefined) return notFound(context, `asset not found for ${symbol}`);
    return context.json({ symbol, class: "us_equity", status: "active", ...asset });
  });
  app.get("/v2/clock", (context) => {
    const now = Date.now();
    return context.json({
      timestamp: new Date(now).toISOString(),
      is_open: market.is_open,
      next_open: new Date(now - 4 * 3_600_000).toISOString().replace(/\.\d+Z$/, "-05:00"),
      next_close: new Date(now + 7_200_000).toISOString(),
    });
  });
}

const Fill = z.strictObject({ client_order_id: z.string(), qty: z.string(), price: z.string() });

function marketRoutes(app: Hono<Known>, broker: PaperBroker, market: Market): void {
  app.put("/admin/market", async (context) => {
    Object.assign(market, await bodyOf(context, MarketChange));
    return context.json(market);
  });
  app.put("/admin/fill", async (context) => {
    const { client_order_id: of, qty, price } = await bodyOf(context, Fill);
    const account = context.get("account");
    const id = await broker.view(account, ({ byClientOrderId }) => byClientOrderId.get(of) ?? "");
    await broker.fill(account, id, { qty, price });
    return context.body(null, 204);
  });
}

function notFound(context: Ask, message: string): Response {
  return context.json({ code: 40_410_000, message }, 404);
}

/** Refuses (BadRequest) an order that has no size, or two. */
function sized(order: AlpacaNewOrder, { prices }: Market): SizedOrder {
  const { qty, notional, client_order_id: id = randomUUID() } = order;
  if (qty !== undefined && notional !== undefined)
    throw new BadRequest(422, "only one of qty or notional is accepted");
  const price = toUnits(prices[order.symbol] ?? "1");
  const bought = notional && fromUnits((toUnits(notional) * 1_000_000_000n) / price);
  const size = qty ?? bought;
  if (size === undefined) throw new BadRequest(422, "qty or notional is required");
  return { ...order, qty: size, client_order_id: id };
}

/** As the ledger takes it: filled at the market's price if there is one now. */
function atMarket(order: SizedOrder, market: Market): NewOrder {
  const { symbol, qty, side, type, time_in_force, limit_price, stop_price, client_order_id } =
    order;
  const reference_price = market.is_open && market.fills ? market.prices[symbol] : undefined;
  const terms = { client_order_id, symbol, qty, side, type, time_in_force };
  return parse(NewOrder, { ...terms, limit_price, stop_price, reference_price }, "order");
}

function alpacaOrder(order: Order) {
  return {
    ...order,
    updated_at: order.filled_at ?? order.created_at,
    submitted_at: order.created_at,
    expired_at: null,
    failed_at: null,
    replaced_at: null,
    asset_class: "us_equity",
    notional: null,
    order_class: "",
    order_type: order.type,
    extended_hours: false,
    legs: null,
    trail_percent: null,
  };
}

/** Finds whose keys those are. */
export function accountOfKeys(accounts: AlpacaApiOptions["accounts"]) {
  const digest = (key: string, secret: string) =>
    createHash("sha256").update(`${key}\n${secret}`).digest();
  const known = Array.from(
    accounts,
    ([name, { key, secret }]) => [name, digest(key, secret)] as const,
  );
  return (key = "", secret = "") => {
    const brought = digest(key, secret);
    return known.find(([, one]) => timingSafeEqual(one, brought))?.[0];
  };
}
