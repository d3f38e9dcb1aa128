/** The adapter's configuration, and hostile answers to it. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, afterEach, beforeEach, expect, test } from "vitest";

import { askStanding, standingFault } from "../broker-standing.ts";
import { createBroker } from "../broker.ts";
import { DEFAULT_LIMIT_BOOK } from "../limits.ts";
import { type AlpacaVariables, BrokerVariables, openAlpaca } from "./alpaca-book.ts";

const folder = mkdtempSync(join(tmpdir(), "alpaca-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
function accountsFile(text: string, mode = 0o600): string {
  files += 1;
  const file = join(folder, `${files}.yaml`);
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}
const SECRET = "secret-of-a-test-0001";
const ONE = `version: baton-alpaca-v1\naccounts:\n  cand-a: { key: PKTEST0001, secret: ${SECRET} }\n`;
const open = (file: string, over: Partial<AlpacaVariables> = {}) =>
  openAlpaca({ BATON_BROKER: "alpaca", BATON_ALPACA_ACCOUNTS: file, ...over });

test("by default strategies trade at the paper broker, at Alpaca by its paper endpoint", () => {
  expect(openAlpaca({ BATON_BROKER: "paper-broker" })).toBeUndefined();
  const book = open(accountsFile(ONE));
  expect(book?.url).toBe("https://paper-api.alpaca.markets");
  expect([...(book?.accounts.keys() ?? [])]).toEqual(["cand-a"]);
});

test("real money takes two settings, and they must agree", () => {
  const file = accountsFile(ONE);
  const live = { BATON_ALPACA_ENDPOINT: "live", BATON_ALPACA_LIVE: "real-money" } as const;
  expect(open(file, live)?.url).toBe("https://api.alpaca.markets");
  expect(() => open(file, { BATON_ALPACA_ENDPOINT: "live" })).toThrow("BATON_ALPACA_LIVE");
  expect(() => open(file, { BATON_ALPACA_LIVE: "real-money" })).toThrow("isn't live");
});

test.each([
  ["https://paper-api.alpaca.markets", false],
  ["http://alpaca.example", false],
  ["https://127.0.0.1.example", false],
  ["http://127.0.0.1:8090", true],
  ["http://[::1]:8090", true],
])("another endpoint may only be on this machine: %s", (url, isTaken) => {
  expect(BrokerVariables.BATON_ALPACA_URL.safeParse(url).success).toBe(isTaken);
});

test.each([
  ["none", "none", "isn't there"],
  ["open to others", accountsFile(ONE, 0o644), "mode 0600"],
  ["of another version", accountsFile(ONE.replace("v1", "v9")), "version"],
  ["empty", accountsFile("version: baton-alpaca-v1\naccounts: {}\n"), "no account"],
  ["not YAML", accountsFile(`${ONE} x: [`), "line"],
  [
    "with a name that isn't known",
    accountsFile(ONE.replace("secret:", `${SECRET}: 1, secret:`)),
    "isn't known",
  ],
  [
    "with one key twice",
    accountsFile(`${ONE}  cand-b: { key: PKTEST0001, secret: other-secret-0002 }\n`),
    "can't be kept apart",
  ],
])("a file of accounts that is %s is refused, and no key is shown", (_, file, says) => {
  const path = file === "none" ? join(folder, "none") : file;
  let message = "";
  try {
    open(path);
  } catch (error) {
    message = error instanceof Error ? error.message : "";
  }
  expect(message).toContain(says);
  expect(message).not.toMatch(/PKTEST|secret-of-a-test/);
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
let server: Server;
let answer: Record<string, Handler>;
let url = "";
const seen: { path: string; key: unknown }[] = [];
beforeEach(async () => {
  seen.length = 0;
  answer = {};
  server = createServer((request, response) => {
    const path = `${request.method} ${request.url?.replace(/\?.*/, "")}`;
    seen.push({ path, key: request.headers["apca-api-key-id"] });
    (answer[path] ?? reply(200, []))(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});
const reply =
  (status: number, body: unknown): Handler =>
  (_, response) =>
    response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
const OFF = { engaged: false };
const RELEASED = reply(200, { engaged: false, mesh: OFF, all: OFF, account: OFF });
const ASSET = reply(200, { tradable: true, fractionable: true, shortable: true });
const wanted = {
  client_order_id: "c-1",
  symbol: "SPX",
  qty: "1",
  side: "buy",
  type: "market",
  time_in_force: "day",
  reference_price: "100",
} as const;
const stored = {
  ...wanted,
  id: "o-1",
  created_at: "2026-01-01T00:00:00Z",
  filled_qty: "0",
  status: "pending_new",
  order_class: "",
  legs: null,
};
/** The account at the server of the test, which is paper broker and Alpaca in one. */
function brokerHere(text = ONE) {
  answer["GET /v2/kill-switch"] ??= RELEASED;
  answer["GET /v2/assets/SPX"] ??= ASSET;
  const file = accountsFile(text);
  const alpaca = openAlpaca(
    { BATON_BROKER: "alpaca", BATON_ALPACA_ACCOUNTS: file, BATON_ALPACA_URL: url },
    DEFAULT_LIMIT_BOOK,
  );
  const place = { url, token: "t".repeat(32), alpaca };
  return { place, broker: createBroker({ ...place, account: "cand-a", timeoutMs: 500 }) };
}

const HOSTILE: [what: string, expected: string, handler: Handler][] = [
  ["an order of many more keys", "submitted", reply(200, stored)],
  ["another order", "ambiguous", reply(200, { ...stored, client_order_id: "c-2" })],
  ["200 and half an order", "ambiguous", reply(200, '{"id":')],
  ["200 and more than it reads", "ambiguous", reply(200, "x".repeat(2 ** 21))],
  [
    "422 for the id",
    "duplicate",
    reply(422, { code: 40010001, message: "client_order_id must be unique" }),
  ],
  ["422", "rejected", reply(422, { code: 42210000, message: "no" })],
  ["403 without a code", "rejected", reply(403, { message: "forbidden." })],
  ["a 403 page of a proxy", "ambiguous", reply(403, "<html>")],
  ["429", "ambiguous", reply(429, { message: "too many requests." })],
  ["500", "ambiguous", reply(500, { code: 50010000, message: "internal server error" })],
  ["504", "ambiguous", reply(504, "<html>")],
  [
    "a redirect",
    "ambiguous",
    (_, response) => response.writeHead(307, { location: "/elsewhere" }).end(),
  ],
  ["a reset", "ambiguous", (request) => request.socket.destroy()],
  ["nothing", "ambiguous", () => {}],
];

test.each(HOSTILE)(
  "answered with %s, an order is %s, sent once, and its keys go nowhere else",
  async (_, kind, handler) => {
    answer["POST /v2/orders"] = handler;
    const { broker } = brokerHere();
    const outcome = await broker.submit(wanted);
    expect(outcome.kind).toBe(kind);
    expect(seen.filter(({ path }) => path === "POST /v2/orders")).toHaveLength(1);
    expect(seen.map(({ path }) => path)).not.toContain("GET /elsewhere");
    expect(JSON.stringify(outcome)).not.toMatch(/PKTEST|secret-of-a-test/);
  },
);

test("what can't be asked before is certainly not sent, and may go later", async () => {
  answer["GET /v2/positions"] = reply(503, "");
  const { broker } = brokerHere();
  expect(await broker.submit(wanted)).toMatchObject({ kind: "rejected", code: "50310000" });
  expect(seen.map(({ path }) => path)).not.toContain("POST /v2/orders");
  answer["GET /v2/positions"] = reply(200, []);
  answer["GET /v2/kill-switch"] = reply(503, "");
  expect(await broker.submit(wanted)).toMatchObject({ kind: "rejected", code: "50310000" });
  expect(seen.map(({ path }) => path)).not.toContain("POST /v2/orders");
});

test("the kill switch is asked without Alpaca's keys, Alpaca without the paper broker's token", async () => {
  answer["POST /v2/orders"] = reply(200, stored);
  const { broker } = brokerHere();
  await broker.submit(wanted);
  const withKeys = seen.filter(({ key }) => key !== undefined).map(({ path }) => path);
  expect(withKeys).not.toContain("GET /v2/kill-switch");
  expect(withKeys).toContain("POST /v2/orders");
});

test("what people trade there in ways of their own is read: by value, by other types, with more digits", async () => {
  const strange = {
    ...stored,
    client_order_id: "61e69015-8549-4bfd-b9c3-01e75843f47d",
    qty: null,
    notional: "500",
    type: "trailing_stop",
    filled_qty: "1.25",
    filled_avg_price: "100.12345678901234",
  };
  const legs = { ...strange, symbol: "", side: null, notional: null, limit_price: "-0.6" };
  answer["GET /v2/orders"] = reply(200, [strange, { ...legs, qty: "3", legs: [stored] }]);
  answer["GET /v2/positions"] = reply(200, [
    { symbol: "SPX", qty: "5", side: "short", avg_entry_price: "33.3333333333333333" },
  ]);
  const { broker } = brokerHere();
  expect(await broker.listOrders()).toMatchObject([
    { qty: "1.25", type: "trailing_stop", filled_avg_price: "100.123456789" },
    { qty: "3", symbol: "", limit_price: "-0.6" },
  ]);
  expect(await broker.positions()).toEqual([
    { symbol: "SPX", qty: "-5", side: "short", avg_entry_price: "33.333333333" },
  ]);
  expect(await broker.valueBeside("NDX")).toBe("668.466666665");
});

test("two accounts that are one at Alpaca can't be kept apart; a look-up that answers anything isn't one", async () => {
  const state = {
    id: "same",
    account_number: "PA1",
    status: "ACTIVE",
    currency: "USD",
    cash: "1",
    trading_blocked: false,
  };
  answer["GET /v2/account"] = reply(200, state);
  answer["GET /v2/clock"] = reply(200, { is_open: true, next_open: "2026-01-02T09:30:00-05:00" });
  answer["GET /v2/orders:by_client_order_id"] = reply(404, {
    code: 40410000,
    message: "order not found",
  });
  const { place } = brokerHere(`${ONE}  cand-b: { key: PKTEST0002, secret: other-secret-0002 }\n`);
  const shared = await askStanding(place);
  expect(shared).toMatchObject({ oneOrderPerClientOrderId: true, shared: [["cand-a", "cand-b"]] });
  expect(standingFault(shared)).toContain("cand-a and cand-b are one account");
  answer["GET /v2/orders:by_client_order_id"] = reply(200, stored);
  expect(standingFault(await askStanding(place))).toContain("E_BROKER_CAPABILITY");
  answer["GET /v2/orders:by_client_order_id"] = reply(404, "not here");
  await expect(askStanding(place)).rejects.toMatchObject({ code: "E_BROKER_UNAVAILABLE" });
});

test("a paper broker that doesn't declare it isn't one to send orders to", async () => {
  const place = { url, token: "t".repeat(32) };
  for (const handler of [
    reply(404, { code: 40410000, message: "endpoint not found" }),
    reply(200, {}),
  ]) {
    answer["GET /v2/capabilities"] = handler;
    expect(standingFault(await askStanding(place))).toContain("E_BROKER_CAPABILITY");
  }
  answer["GET /v2/capabilities"] = reply(503, "");
  await expect(askStanding(place)).rejects.toMatchObject({ code: "E_BROKER_UNAVAILABLE" });
});
