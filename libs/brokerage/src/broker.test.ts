import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

import { afterEach, beforeEach, expect, test } from "vitest";

import { BrokerError } from "./broker-error.ts";
import type { Broker } from "./broker-port.ts";
import { createBroker } from "./broker.ts";
import type { NewOrderInput } from "./order.ts";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const token = "token-of-a-test-0123456789abcdef";
let server: Server;
let answer: Handler;
let broker: Broker;
beforeEach(async () => {
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  broker = createBroker({
    url: `http://127.0.0.1:${port}`,
    token,
    timeoutMs: 2000,
    account: "acc",
  });
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const wanted: NewOrderInput = {
  client_order_id: "c-1",
  symbol: "SPX",
  qty: "1",
  side: "buy",
  type: "market",
  time_in_force: "day",
};
const stored = {
  ...wanted,
  id: "o-1",
  created_at: "",
  filled_at: null,
  canceled_at: null,
  filled_qty: "0",
  filled_avg_price: null,
  limit_price: null,
  stop_price: null,
  status: "accepted",
};
const reply =
  (status: number, body: unknown): Handler =>
  (_, response) =>
    response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
const refused = (status: number) => reply(status, { code: 40_310_000, message: "no" });
const cases: [what: string, expected: string, handler: Handler][] = [
  ["the order", "submitted", reply(200, stored)],
  ["another order", "ambiguous", reply(200, { ...stored, client_order_id: "c-2" })],
  ["200 without an order", "ambiguous", reply(200, {})],
  ["200 and half an order", "ambiguous", reply(200, '{"id":')],
  ["200 and more than it reads", "ambiguous", reply(200, "x".repeat(2 ** 21))],
  ["400", "rejected", refused(400)],
  ["401", "rejected", refused(401)],
  ["403", "rejected", refused(403)],
  ["404", "rejected", refused(404)],
  ["422", "rejected", refused(422)],
  [
    "422 for the id",
    "duplicate",
    reply(422, { code: 40_010_001, message: "client_order_id must be unique" }),
  ],
  [
    "422 of that code for something else",
    "rejected",
    reply(422, { code: 40_010_001, message: "qty" }),
  ],
  ["a 404 that isn't the broker's", "ambiguous", reply(404, { error: "not found" })],
  ["a 403 page of a proxy", "ambiguous", reply(403, "<html>")],
  ["408", "ambiguous", refused(408)],
  ["409", "ambiguous", refused(409)],
  ["429", "ambiguous", refused(429)],
  ["500", "ambiguous", refused(500)],
  ["504", "ambiguous", refused(504)],
  ["a redirect", "ambiguous", (_, response) => response.writeHead(307, { location: "/" }).end()],
  ["a reset", "ambiguous", (request) => request.socket.destroy()],
  ["nothing", "ambiguous", () => {}],
];

test.each(cases)("answered with %s, sending is %s", async (_, expected, handler) => {
  let sent = 0;
  answer = (request, response) => {
    sent += 1;
    handler(request, response);
  };
  expect((await broker.submit(wanted)).kind).toBe(expected);
  expect(sent).toBe(1);
});

test("nobody listening is ambiguous too", async () => {
  const silent = createBroker({ url: "http://127.0.0.1:1", token, timeoutMs: 200 });
  expect(await silent.submit(wanted)).toMatchObject({
    kind: "ambiguous",
    message: expect.stringContaining("POST /v2/orders at 127.0.0.1:1"),
  });
});

test("an order that no broker may get is not sent", async () => {
  answer = () => expect.fail("sent");
  await expect(broker.submit({ ...wanted, qty: "0" })).rejects.toThrow("qty");
  await expect(broker.submit({ ...wanted, limit_price: "1" })).rejects.toThrow("limit_price");
});

test("every request brings the token, and an answer never shows it", async () => {
  const seen: (string | undefined)[] = [];
  answer = (request, response) => {
    seen.push(request.headers.authorization);
    refused(401)(request, response);
  };
  const said = await broker.submit(wanted);
  const errors = await Promise.allSettled([
    broker.positions(),
    broker.killSwitch.get(),
    broker.killSwitch.engage({ scope: "account", by: "a", reason: "b" }),
    broker.cancelAll(),
  ]);
  expect(seen).toEqual(Array.from({ length: 5 }, () => `Bearer ${token}`));
  expect(said.kind).toBe("rejected");
  const failures = errors.map((one) => (one.status === "rejected" ? String(one.reason) : ""));
  expect(JSON.stringify([said, failures])).not.toContain(token);
});

test("requests name their account and leave out prices that the order doesn't have", async () => {
  let seen = "";
  answer = (request, response) => {
    request.on("data", (chunk: Buffer) => (seen += chunk.toString()));
    request.on("end", () => {
      seen = `${request.method} ${request.url} ${seen}`;
      reply(200, stored)(request, response);
    });
  };
  await broker.submit(wanted);
  expect(seen).toBe(`POST /v2/orders?account=acc ${JSON.stringify(wanted)}`);
});

test("a look-up believes a 404 only if the broker itself says it", async () => {
  answer = refused(404);
  expect(await broker.byClientOrderId("c-1")).toBeUndefined();
  answer = reply(404, "404 page not found");
  await expect(broker.byClientOrderId("c-1")).rejects.toMatchObject({
    code: "E_BROKER_UNAVAILABLE",
    status: 404,
  });
});

test("an order list goes on from page to page, up to its limit", async () => {
  const all = Array.from({ length: 1203 }, (_, n) => ({ ...stored, id: `o-${n}` }));
  answer = (request, response) => {
    const query = new URL(request.url ?? "", "http://x").searchParams;
    const from = all.findIndex(({ id }) => id === query.get("after_order_id")) + 1;
    reply(200, all.slice(from, from + Number(query.get("limit"))))(request, response);
  };
  expect((await broker.listOrders()).map(({ id }) => id)).toEqual(all.map(({ id }) => id));
  expect(await broker.listOrders({ limit: 700 })).toHaveLength(700);
});

test.each([
  [refused(403), "E_BROKER_REFUSED", 403],
  [refused(503), "E_BROKER_UNAVAILABLE", 503],
  [reply(200, [{ symbol: 1 }]), "E_BROKER_UNAVAILABLE", undefined],
  [() => {}, "E_BROKER_UNAVAILABLE", undefined],
] as [Handler, string, number | undefined][])(
  "reading throws a BrokerError that says whether to try again (%#)",
  async (handler, code, status) => {
    answer = handler;
    const error = await broker.positions().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BrokerError);
    expect(error).toMatchObject({ code, status });
  },
);
