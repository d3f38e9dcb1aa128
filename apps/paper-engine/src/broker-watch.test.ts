import { createServer } from "node:http";

import { eventually } from "@baton/testkit";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";

import { watchBroker } from "./broker-watch.ts";

/** A broker that answers so, whatever it is asked. */
async function brokerSaying(answer: () => readonly [status: number, body: object]) {
  const server = createServer((_, response) => {
    const [status, body] = answer();
    response.writeHead(status).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const place = {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    token: "t".repeat(32),
  };
  const stopped = new AbortController();
  onTestFinished(() => stopped.abort());
  return watchBroker({ place, log: pino({ level: "silent" }), signal: stopped.signal });
}

test("nothing is increased before the broker declared one order per client order id", async () => {
  let answer: readonly [number, object] = [503, {}];
  using watch = await brokerSaying(() => answer);
  expect(watch.stop()).toContain("nobody knows");
  expect(watch.problem()).toContain("nobody knows");
  answer = [200, { one_order_per_client_order_id: true }];
  await eventually(() => watch.stop() === null, { what: "it is declared" });
  expect(watch.problem()).toBeNull();
});

test.each([
  [404, { code: 40_410_000, message: "endpoint not found" }],
  [200, { one_order_per_client_order_id: false }],
] as const)(
  "a broker that doesn't declare it gets no increase, and people are told",
  async (...answer) => {
    using watch = await brokerSaying(() => answer);
    await eventually(() => watch.stop()?.includes("E_BROKER_CAPABILITY"), {
      what: "it is found out",
    });
    expect(watch.problem()).toContain("use another broker");
  },
);
