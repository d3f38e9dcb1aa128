/**
 * The HTTP side, in Alpaca's shape. Who asks is known by a token (`Authorization: Bearer …`), see access.ts; which account a
 * request is about stands in `?account=` (default `paper`), where a real broker would take it from the key.
 */
import {
  Account,
  ClientOrderId,
  fromUnits,
  KillSwitchChange,
  NewOrder,
  NOT_ALLOWED_CODE,
  NOT_AUTHENTICATED_CODE,
  Ticker,
} from "@baton/brokerage";
import { type Context, Hono } from "hono";

import { type Act, type Holder, holderOf, mayDo, type Tokens } from "./access.ts";
import { KEY_HEADER } from "./alpaca-api.ts";
import { cashOf } from "./book.ts";
import { type Fault, FAULT_HEADER, FaultPlan, type FaultPlans } from "./faults.ts";
import { toPosition } from "./holding.ts";
import { listOrders, ListingQuery } from "./order-listing.ts";
import type { PaperBroker } from "./paper-broker.ts";
import { BAD_REQUEST_CODES, BadRequest, bodyOf, fail, parse, refusal } from "./requests.ts";

const METHODS: Readonly<Record<string, string>> = {
  "/v2/orders": "GET, POST, DELETE",
  "/v2/orders:by_client_order_id": "GET",
  "/v2/orders/:id": "GET, DELETE",
  "/v2/positions": "GET",
  "/v2/account": "GET",
  "/v2/accounts": "GET",
  "/v2/accounts/value": "GET",
  "/v2/kill-switch": "GET, PUT, DELETE",
  "/v2/capabilities": "GET",
};

class NotAllowed extends Error {
  override readonly name = "NotAllowed";
}

/** What the API needs besides the broker. */
export interface ApiOptions {
  readonly broker: PaperBroker;
  readonly tokens: Tokens;
  readonly faults: FaultPlans;
  readonly faultsAllowed: boolean;
  /** Answers whoever brings Alpaca's keys, where it plays Alpaca. */
  readonly alpaca?: Pick<Hono, "fetch"> | undefined;
  /** Aborted when the service stops: ends silent faults. */
  readonly signal: AbortSignal;
  /** Told what went wrong inside; the ledger's failures must end the process. */
  readonly onError: (error: unknown) => void;
}

/** A request whose token is known. */
interface Known {
  Variables: { holder: Holder };
}
type Ask = Context<Known>;

/** The broker's routes. */
export function createApi(options: ApiOptions): Hono<Known> {
  const app = new Hono<Known>();
  const whose = holderOf(options.tokens);
  app.use(async (context, next) => {
    // Browsers name the page that asks; nothing else does. A page has no business with orders.
    const { req } = context;
    if (req.header("origin") ?? req.header("sec-fetch-site"))
      return refusal(context, 403, 40_310_000, "requests from web pages are not taken");
    if (options.alpaca && req.header(KEY_HEADER) !== undefined)
      return options.alpaca.fetch(req.raw);
    const holder = whose(req.header("authorization"));
    if (holder === undefined) {
      context.header("www-authenticate", "Bearer");
      return refusal(context, 401, NOT_AUTHENTICATED_CODE, "no token that is known here");
    }
    context.set("holder", holder);
    return next();
  });
  orderRoutes(app, options);
  accountRoutes(app, options);
  if (options.faultsAllowed) faultRoutes(app, options.faults);
  for (const [path, allow] of Object.entries(METHODS)) {
    app.all(path, (context) => {
      context.header("allow", allow);
      return refusal(context, 405, 40_510_000, `${path} takes ${allow}`);
    });
  }
  app.notFound((context) => refusal(context, 404, 40_410_000, "endpoint not found"));
  app.onError((error, context) => {
    if (error instanceof BadRequest)
      return refusal(context, error.status, BAD_REQUEST_CODES[error.status], error.message);
    if (error instanceof NotAllowed) return refusal(context, 403, NOT_ALLOWED_CODE, error.message);
    options.onError(error);
    return refusal(context, 500, 50_010_000, "internal error");
  });
  return app;
}

function orderRoutes(app: Hono<Known>, options: ApiOptions): void {
  const { broker, faults } = options;
  app.post("/v2/orders", async (context) => {
    const account = accountOf(context);
    const order = await bodyOf(context, NewOrder);
    require(context, "reduce", account);
    const onlyReducing = !mayDo(context.get("holder"), "order", account);
    const wanted: Fault[] = ["stored-504", "stored-silent", "lost-504", "lost-silent"];
    const fault = faults.take(wanted, account, context.req.header(FAULT_HEADER));
    if (fault?.startsWith("lost")) return fail(context, fault, options.signal);
    const taken = await broker.take(account, order, { onlyReducing });
    if (fault) return fail(context, fault, options.signal);
    if ("kind" in taken) return refusal(context, taken.status, taken.code, taken.message);
    return context.json(taken, 200);
  });
  app.get("/v2/orders:by_client_order_id", async (context) => {
    const account = accountOf(context);
    const id = parse(ClientOrderId, context.req.query("client_order_id"), "client_order_id");
    const fault = faults.take(["lookup-504"], account, context.req.header(FAULT_HEADER));
    if (fault) return fail(context, fault, options.signal);
    const order = await broker.view(account, ({ orders, byClientOrderId }) =>
      orders.get(byClientOrderId.get(id) ?? ""),
    );
    return order ? context.json(order) : refusal(context, 404, 40_410_000, "order not found");
  });
  app.get("/v2/orders", async (context) => {
    const query = parse(ListingQuery, context.req.query(), "query");
    const page = await broker.view(accountOf(context), (book) => listOrders(book, query));
    return page
      ? context.json(page)
      : refusal(context, 422, 42_210_000, "after_order_id: there is no such order");
  });
  app.delete("/v2/orders", async (context) => {
    const account = accountOf(context);
    require(context, "cancel", account);
    const ids = await broker.cancelAll(account);
    return context.json(
      ids.map((id) => ({ id, status: 200 })),
      207,
    );
  });
  app.get("/v2/orders/:id", async (context) => {
    const id = context.req.param("id");
    const order = await broker.view(accountOf(context), ({ orders }) => orders.get(id));
    return order ? context.json(order) : refusal(context, 404, 40_410_000, "order not found");
  });
  app.delete("/v2/orders/:id", async (context) => {
    const account = accountOf(context);
    require(context, "cancel", account);
    const refused = await broker.cancel(account, context.req.param("id"));
    if (refused) return refusal(context, refused.status, refused.code, refused.message);
    return context.body(null, 204);
  });
}

function accountRoutes(app: Hono<Known>, { broker }: ApiOptions): void {
  app.get("/v2/positions", async (context) => {
    const positions = await broker.view(accountOf(context), ({ holdings }) =>
      Array.from(holdings, ([symbol, holding]) => toPosition(symbol, holding)),
    );
    return context.json(positions.toSorted((a, b) => (a.symbol < b.symbol ? -1 : 1)));
  });
  // What whoever sends orders relies on (K1).
  app.get("/v2/capabilities", (context) => context.json({ one_order_per_client_order_id: true }));
  app.get("/v2/account", async (context) => {
    const account = accountOf(context);
    const { engaged } = await broker.killSwitch(account);
    const cash = await broker.view(account, cashOf);
    return context.json({
      id: account,
      account_number: account,
      status: "ACTIVE",
      currency: "USD",
      cash,
      trading_blocked: engaged,
    });
  });
  app.get("/v2/accounts", async (context) => {
    const names = await broker.heldAccounts();
    return context.json(names.map((account) => ({ account })));
  });
  app.get("/v2/accounts/value", async (context) => {
    const symbol = parse(Ticker, context.req.query("symbol"), "symbol");
    const value = await broker.valueBeside(accountOf(context), symbol);
    return context.json({ value: fromUnits(value) });
  });
  app.get("/v2/kill-switch", async (context) =>
    context.json(await broker.killSwitch(accountOf(context))),
  );
  app.put("/v2/kill-switch", async (context) => {
    const account = accountOf(context);
    const change = await bodyOf(context, KillSwitchChange);
    require(context, `engage-${change.scope}`, account);
    return context.json(await broker.engage(account, change));
  });
  app.delete("/v2/kill-switch", async (context) => {
    const account = accountOf(context);
    const change = await bodyOf(context, KillSwitchChange);
    require(context, `release-${change.scope}`, account);
    return context.json(await broker.release(account, change));
  });
}

function faultRoutes(app: Hono<Known>, faults: FaultPlans): void {
  app.get("/admin/faults", (context) => context.json(faults.list()));
  app.put("/admin/faults", async (context) => {
    require(context, "faults", "");
    faults.set(await bodyOf(context, FaultPlan));
    return context.json(faults.list());
  });
}

/** Throws if the token's holder may not do it. */
function require(context: Ask, act: Act, account: string): void {
  const holder = context.get("holder");
  if (mayDo(holder, act, account)) return;
  throw new NotAllowed(`${holder} may not do this (${act}) in account ${account}`);
}

function accountOf(context: Ask): string {
  return parse(Account, context.req.query("account") ?? "paper", "account");
}
