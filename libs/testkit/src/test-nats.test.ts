import { existsSync } from "node:fs";

import { connect, type NatsConnection } from "nats";
import { afterAll, beforeAll, expect, test } from "vitest";

import { eventually } from "./eventually.ts";
import { startTestNats, type TestNats, withNats } from "./test-nats.ts";

const client = (url: string, name: string): Promise<NatsConnection> =>
  connect({ servers: url, name, maxReconnectAttempts: -1, reconnectTimeWait: 20 });

test("a test gets a server, and nothing of it is left afterwards", async () => {
  const seen = await withNats(async ({ url, storeDir, server }) => {
    const nc = await client(url, "short-lived");
    await nc.flush();
    expect(nc.info?.jetstream).toBe(true);
    await nc.close();
    expect(existsSync(storeDir)).toBe(true);
    return { storeDir, exited: server.exited };
  });
  await expect(seen.exited).resolves.toEqual({ code: 0, signal: null });
  expect(existsSync(seen.storeDir)).toBe(false);
});

test("a connection that a test forgets fails it, by name", async () => {
  let forgotten: NatsConnection | undefined;
  const leaking = withNats(async ({ url }) => {
    forgotten = await client(url, "forgetful");
  });
  await expect(leaking).rejects.toThrow('"forgetful"');
  await forgotten?.close();
});

test("the test's own failure is what's reported, not what it left open", async () => {
  let open: NatsConnection | undefined;
  const failing = withNats(async ({ url }) => {
    open = await client(url, "left open");
    throw new Error("the assertion");
  });
  await expect(failing).rejects.toThrow("the assertion");
  await open?.close();
});

test("a client finds the server again after kill -9 and restart", async () => {
  await withNats(async ({ url, kill9, restart }) => {
    const nc = await client(url, "faithful");
    await kill9();
    await restart();
    // A request that is under way during the outage fails; the next one doesn't.
    await eventually(() => nc.flush().then(() => true), { what: "the connection is back" });
    expect(nc.getServer()).toBe(new URL(url).host);
    await nc.close();
  });
});

test("a connection that waits for a killed server is noticed too", async () => {
  let waiting: NatsConnection | undefined;
  const leaking = withNats(async ({ url, kill9 }) => {
    waiting = await client(url, "patient");
    await kill9();
  });
  await expect(leaking).rejects.toThrow('"patient"');
  await waiting?.close();
});

let shared: TestNats;
beforeAll(async () => {
  shared = await startTestNats();
});
afterAll(() => shared.stop());

test("a file's tests may share one server", async () => {
  const nc = await client(shared.url, "sharing");
  await nc.flush();
  expect(nc.info?.port).toBe(shared.server.port);
  await nc.close();
});
