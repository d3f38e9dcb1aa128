import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createBroker, submitOnce } from "@baton/brokerage";
import { BROKER_TOKENS, BROKER_TOKENS_ENV, spawnService } from "@baton/testkit";
import { expect, onTestFinished, test } from "vitest";

import { order } from "./testing/order.ts";

/** Keeps `count` connections without a known token asking for as long as the test lasts. */
function flood(url: string, count: number): void {
  const { hostname, port } = new URL(url);
  const asked =
    "GET /v2/orders HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer nobody\r\n\r\n".repeat(50);
  let over = false;
  const sockets = new Set<Socket>();
  onTestFinished(() => {
    over = true;
    for (const socket of sockets) socket.destroy();
  });
  const one = (): void => {
    const socket = connect(Number(port), hostname);
    const write = (): void => {
      while (socket.writable && socket.write(asked));
    };
    socket
      .on("connect", write)
      .on("drain", write)
      .on("error", () => {})
      .resume();
    sockets.add(socket);
    socket.on("close", () => {
      sockets.delete(socket);
      if (!over) setImmediate(one);
    });
  };
  for (let n = 0; n < count; n += 1) one();
}

test("while strangers flood it, the broker takes orders and the operator's kill switch", async () => {
  const directory = mkdtempSync(join(tmpdir(), "broker-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  await using service = spawnService("apps/paper-broker/src/main.ts", {
    ...BROKER_TOKENS_ENV,
    BATON_BROKER_DIR: directory,
    BATON_TRACES_PER_SECOND: "0",
  });
  const url = await service.ready();
  const at = (token: string) => createBroker({ url, token, timeoutMs: 5000 });
  flood(url, 50);
  await expect
    .poll(async () => (await fetch(`${url}/metrics`)).text(), { timeout: 20_000 })
    .toMatch(/baton_http_refused_total\{why="pipelining"\} [1-9]/);
  for (let n = 0; n < 20; n += 1) {
    const outcome = await submitOnce(
      at(BROKER_TOKENS.engine),
      order({ client_order_id: `o-${n}` }),
      {
        maxLookups: 0,
      },
    );
    expect(outcome.kind).toBe("submitted");
  }
  const answer = await fetch(`${url}/v2/kill-switch`, {
    method: "PUT",
    headers: {
      authorization: `Bearer ${BROKER_TOKENS.operator}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ scope: "all", by: "somebody", reason: "a flood" }),
    signal: AbortSignal.timeout(5000),
  });
  expect([answer.status, await answer.text()]).toEqual([200, expect.any(String)]);
});
