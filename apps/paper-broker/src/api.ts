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
import { cut } from "@baton/contracts";
import { type Context, Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { z } from "zod";

import { type Act, type Holder, holderOf, mayDo, type Tokens } from "./access.ts";
import { cashOf } from "./book.ts";
import { type Fault, FAULT_HEADER, FaultPlan, type FaultPlans } from "./faults.ts";
import { toPosition } from "./holding.ts";
import { listOrders, ListingQuery } from "./order-listing.ts";
import type { PaperBroker } from "./paper-broker.ts";

/** Largest request body in bytes. */
const MAX_BODY_BYTES = 16 * 1024;
/** How long a silent fault keeps its request before it answers 504 after all. */
const SILENCE_MS = 60_000;

const METHODS: Readonly<Record<string, string>> = {
  "/v2/orders": "GET, POST, DELETE",
  "/v2/orders:by_client_order_id": "GET",
  "/v2/orders/:id": "GET, DELETE",
  "/v2/positions": "GET",
  "/v2/account": "GET",
  "/v2/accounts": "GET",
  "/v2/accounts/value": "GET",
  "/v2/kill-switch": "GET, PUT, DELETE",
};

const BAD_REQUEST_CODES = { 400: 40_010_000, 413: 41_310_000, 422: 42_210_000 } as const;

class BadRequest extends Error {
  override readonly name = "BadRequest";
  readonly status: 400 | 413 | 422;

  constructor(status: 400 | 413 | 422, message: string) {
    super(message);
    this.status = status;
  }
}

class NotAllowed extends Error {
  override readonly name = "NotAllowed";
}

/** What the API needs besides the broker. */
export interface ApiOptions {
  readonly broker: PaperBroker;
  readonly tokens: Tokens;
  readonly faults: FaultPlans;
  readonly faultsAllowed: boolean;
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

async function bodyOf<T>(context: Ask, schema: z.ZodType<T>): Promise<T> {
  if (!/^application\/json\b/i.test(context.req.header("content-type") ?? ""))
    throw new BadRequest(400, "content-type must be application/json");
  const text = await textOf(context.req.raw);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new BadRequest(400, cut(`the body is not JSON: ${String(error)}`, 200));
  }
  return parse(schema, body, "body");
}

async function textOf(request: Request): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES)
      throw new BadRequest(413, `the body is larger than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parse<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const at = issue?.path.join(".") ?? "";
  throw new BadRequest(422, cut(`${at === "" ? what : at}: ${issue?.message ?? "invalid"}`, 300));
}

function refusal(
  context: Ask,
  status: ContentfulStatusCode,
  code: number,
  message: string,
): Response {
  return context.json({ code, message }, status);
}

async function fail(context: Ask, fault: Fault, stopping: AbortSignal): Promise<Response> {
  if (fault.endsWith("silent")) {
    const over = AbortSignal.any([
      context.req.raw.signal,
      stopping,
      AbortSignal.timeout(SILENCE_MS),
    ]);
    if (!over.aborted)
      await new Promise((resolve) => over.addEventListener("abort", resolve, { once: true }));
  }
  return refusal(context, 504, 50_410_000, "upstream request timeout");
}
