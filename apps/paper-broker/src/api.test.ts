import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Order, Refusal } from "@baton/brokerage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";

import type { Holder } from "./access.ts";
import { createApi } from "./api.ts";
import { createFaultPlans } from "./faults.ts";
import { openPaperBroker, type PaperBroker } from "./paper-broker.ts";
import { order, restingOrder } from "./testing/order.ts";

let directory = "";
let broker: PaperBroker;
let ask: (method: string, path: string, body?: unknown, token?: string) => Promise<Response>;

const TOKENS: Record<Holder, string> = {
  "paper-engine": "engine",
  "lane-e": "lane-e",
  "lane-f": "lane-f",
  operator: "operator",
};

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "broker-"));
  broker = await openPaperBroker(directory, {
    now: () => new Date("2026-01-05T12:00:00.000Z"),
  });
  const app = createApi({
    broker,
    tokens: TOKENS,
    faults: createFaultPlans(false),
    faultsAllowed: false,
    signal: new AbortController().signal,
    onError: (error) => {
      throw error;
    },
  });
  ask = async (method, path, body, token = TOKENS.operator) =>
    app.request(path, {
      method,
      headers: {
        ...(token !== "" && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
});
afterEach(async () => {
  await broker.close();
  rmSync(directory, { recursive: true });
});

test("an order is answered in Alpaca's shape and found again by either id", async () => {
  const answer = await ask("POST", "/v2/orders", order());
  expect(answer.status).toBe(200);
  const taken = Order.parse(await answer.json());
  expect(taken).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/),
    client_order_id: "order-1",
    created_at: "2026-01-05T12:00:00.000Z",
    filled_at: "2026-01-05T12:00:00.000Z",
    canceled_at: null,
    symbol: "SPX",
    qty: "1",
    filled_qty: "1",
    filled_avg_price: "100",
    side: "buy",
    type: "market",
    time_in_force: "day",
    limit_price: null,
    stop_price: null,
    status: "filled",
  });
  const byClientId = await ask("GET", "/v2/orders:by_client_order_id?client_order_id=order-1");
  expect(await byClientId.json()).toEqual(taken);
  expect(await (await ask("GET", `/v2/orders/${taken.id}`)).json()).toEqual(taken);
  expect((await ask("GET", "/v2/orders:by_client_order_id?client_order_id=none")).status).toBe(404);
});

test("listing pages through orders by status and direction", async () => {
  for (const n of [1, 2, 3, 4])
    await ask("POST", "/v2/orders", (n % 2 ? order : restingOrder)({ client_order_id: `o-${n}` }));
  const list = async (query: string): Promise<string[]> => {
    const answer = await ask("GET", `/v2/orders${query}`);
    const rows = z.array(Order).parse(await answer.json());
    return rows.map((row) => row.client_order_id);
  };
  expect(await list("")).toEqual(["o-4", "o-2"]);
  expect(await list("?status=closed&direction=asc")).toEqual(["o-1", "o-3"]);
  expect(await list("?status=all&direction=asc&limit=2")).toEqual(["o-1", "o-2"]);
  const [oldest] = (await broker.view("paper", ({ orders }) => [...orders.keys()])) ?? [];
  expect(await list(`?status=all&direction=asc&after_order_id=${oldest}`)).toEqual([
    "o-2",
    "o-3",
    "o-4",
  ]);
  expect((await ask("GET", "/v2/orders?after_order_id=none")).status).toBe(422);
});

test.each([
  ['{"a":', 400, "not JSON"],
  ["[[[[[[[[", 400, "not JSON"],
  [JSON.stringify([order()]), 422, "body"],
  ["null", 422, "body"],
  [JSON.stringify({ ...order(), extra: 1 }), 422, "extra"],
  [JSON.stringify(order()).replace("{", '{"__proto__":{"polluted":1},'), 422, "__proto__"],
  [JSON.stringify({ ...order(), qty: 1 }), 422, "qty"],
  [JSON.stringify({ ...order(), qty: "0.0" }), 422, "qty"],
  [JSON.stringify({ ...order(), qty: "1e3" }), 422, "qty"],
  [JSON.stringify({ ...order(), limit_price: "5" }), 422, "limit_price"],
  [JSON.stringify({ ...order(), type: "limit" }), 422, "limit_price"],
  [JSON.stringify({ ...order(), client_order_id: "" }), 422, "client_order_id"],
  [JSON.stringify({ ...order(), client_order_id: "a\u001b[0m" }), 422, "client_order_id"],
  [JSON.stringify({ ...order(), client_order_id: "x".repeat(129) }), 422, "client_order_id"],
  [" ".repeat(20_000), 413, "larger"],
])("the body %.60j gets %i and is not stored", async (body, status, says) => {
  const answer = await ask("POST", "/v2/orders", body);
  expect([answer.status, Refusal.parse(await answer.json()).message]).toEqual([
    status,
    expect.stringContaining(says),
  ]);
  expect(await (await ask("GET", "/v2/orders?status=all")).json()).toEqual([]);
});

test("the value of all accounts is told, without what the asking one has of one instrument", async () => {
  for (const account of ["one", "two"])
    await ask("POST", `/v2/orders?account=${account}`, order({ qty: "2" }));
  await ask(
    "POST",
    "/v2/orders?account=two",
    restingOrder({ client_order_id: "rest", symbol: "NDX", qty: "1", limit_price: "50" }),
  );
  const value = async (query: string) => (await ask("GET", `/v2/accounts/value?${query}`)).json();
  expect(await value("account=one&symbol=SPX")).toEqual({ value: "250" });
  expect(await value("account=two&symbol=NDX")).toEqual({ value: "400" });
  expect(await value("account=three&symbol=SPX")).toEqual({ value: "450" });
  expect((await ask("GET", "/v2/accounts/value?account=one")).status).toBe(422);
});

test("wrong methods, paths, accounts and web pages are refused", async () => {
  const put = await ask("PUT", "/v2/orders");
  expect([put.status, put.headers.get("allow")]).toEqual([405, "GET, POST, DELETE"]);
  expect((await ask("GET", "/v2/nothing")).status).toBe(404);
  expect((await ask("GET", "/admin/faults")).status).toBe(404);
  expect((await ask("GET", "/v2/account?account=../x")).status).toBe(422);
  expect((await ask("GET", "/v2/orders?limit=100000")).status).toBe(422);
});

test.each(["", "unknown", "operator2", "Operator"])(
  "J9: with the token %j nothing is answered and nothing changes",
  async (token) => {
    await ask("POST", "/v2/orders", restingOrder());
    const tries: [method: string, path: string, body?: unknown][] = [
      ["GET", "/v2/positions"],
      ["GET", "/v2/account"],
      ["GET", "/v2/kill-switch"],
      ["GET", "/v2/orders"],
      ["GET", "/v2/nothing"],
      ["DELETE", "/v2/orders"],
      ["POST", "/v2/orders", order({ client_order_id: "o-2" })],
      ["PUT", "/v2/kill-switch", { scope: "all", by: "x", reason: "y" }],
      ["DELETE", "/v2/kill-switch", { scope: "mesh", by: "x", reason: "y" }],
      ["GET", "/admin/faults"],
    ];
    for (const [method, path, body] of tries) {
      const answer = await ask(method, path, body, token);
      expect([method, path, answer.status]).toEqual([method, path, 401]);
      expect(Refusal.parse(await answer.json()).message).not.toContain("operator");
    }
    const orders = z.array(Order).parse(await (await ask("GET", "/v2/orders?status=all")).json());
    expect(orders.map(({ status }) => status)).toEqual(["new"]);
  },
);

const change = (scope: string) => ({ scope, by: "somebody", reason: "a test" });

/** Everything that can be asked for, each by an account and a token. */
const ACTS: readonly [name: string, ...of: [method: string, path: string, body?: unknown]][] = [
  ["read", "GET", "/v2/positions"],
  ["buy", "POST", "/v2/orders", order({ client_order_id: "buy" })],
  ["close", "POST", "/v2/orders", order({ client_order_id: "close", side: "sell" })],
  ["cancel", "DELETE", "/v2/orders"],
  ...["mesh", "all", "account"].flatMap((scope): [string, string, string, unknown][] => [
    [`engage ${scope}`, "PUT", "/v2/kill-switch", change(scope)],
    [`release ${scope}`, "DELETE", "/v2/kill-switch", change(scope)],
  ]),
];

/** What a token may do in an account that holds something; what it left engaged is released again. */
async function doneBy(token: string, account: string): Promise<string[]> {
  const allowed: string[] = [];
  for (const [name, method, path, body] of ACTS) {
    const named = name === "buy" || name === "close";
    const sent = named ? { ...Object(body), client_order_id: `${name}-${token}` } : body;
    const { status } = await ask(method, `${path}?account=${account}`, sent, token);
    expect([name, status < 300 || status === 403]).toEqual([name, true]);
    if (status < 300) allowed.push(name);
  }
  for (const scope of ["all", "account"])
    await ask("DELETE", `/v2/kill-switch?account=${account}`, change(scope));
  return allowed;
}

test("J9: each token does what is its holder's and nothing else", async () => {
  const held = order({ client_order_id: "held", qty: "9" });
  for (const account of ["paper", "drill-1"])
    await ask("POST", `/v2/orders?account=${account}`, held);
  const trade = ["read", "buy", "close", "cancel"];
  const ofAccount = ["engage account", "release account"];
  const all = ["engage all", "release all"];
  const ofMesh = ["engage mesh", "release mesh"];
  expect(await doneBy(TOKENS["paper-engine"], "paper")).toEqual([...trade, ...ofMesh]);
  expect(await doneBy(TOKENS["lane-e"], "paper")).toEqual(["read"]);
  const least = ["read", "close", "cancel", "engage account"];
  expect(await doneBy(TOKENS["lane-f"], "paper")).toEqual(least);
  expect(await doneBy(TOKENS["lane-f"], "drill-1")).toEqual([...trade, ...ofAccount]);
  expect(await doneBy(TOKENS.operator, "paper")).toEqual([...trade, ...all, ...ofAccount]);
});
