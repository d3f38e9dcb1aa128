import { expect, test } from "vitest";

import { spawnService } from "./spawned-service.test.fixture.ts";

test("readyz turns with the start and the checks, and says why; livez stays", async () => {
  const service = spawnService(`
    let connected = false;
    context.registerCheck("nats", () => connected ? { ok: true } : { ok: false, reason: "reconnecting" });
    context.mount({ fetch: ({ url }) => {
      if (url.endsWith("/started")) context.markStarted();
      connected = url.endsWith("/connect");
      return new Response("done");
    }});
    context.log.info("mounted");
    await new Promise((resolve) => context.signal.addEventListener("abort", resolve));`);
  await service.line("mounted");
  const starting = await service.get("/readyz");
  expect(starting.status).toBe(503);
  expect(await starting.json()).toMatchObject({
    ready: false,
    checks: [
      { name: "service", ok: false, reason: "starting" },
      { name: "nats", ok: false, reason: "reconnecting" },
    ],
  });
  await service.get("/started");
  expect((await service.get("/readyz")).status).toBe(503);
  await service.get("/connect");
  expect((await service.get("/readyz")).status).toBe(200);
  await service.get("/disconnect");
  expect(await (await service.get("/readyz")).json()).toMatchObject({
    ready: false,
    checks: [{ ok: true }, { ok: false, reason: "reconnecting" }],
  });
  const live = await service.get("/livez");
  expect(await live.json()).toEqual({ live: true, service: "sample", pid: service.child.pid });
});

test("a check that throws makes the service unready instead of breaking the probe", async () => {
  const service = spawnService(`
    context.registerCheck("broken", () => { throw new Error("oops"); });
    context.log.info("up");`);
  await service.line("up");
  const response = await service.get("/readyz");
  expect(response.status).toBe(503);
  expect(await response.text()).toContain("the check itself failed: oops");
});

test("metrics are Prometheus text with the service's own series", async () => {
  const service = spawnService(`
    context.meter.createCounter("orders_total").add(2, { side: "buy" });
    context.log.info("counted");`);
  await service.line("counted");
  const response = await service.get("/metrics");
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const text = await response.text();
  expect(text).toContain('\norders_total{side="buy"} 2\n');
  expect(text).toMatch(/\nprocess_resident_memory_bytes \d+\n/);
});

test("what isn't mounted is 404, and an app that throws gets a logged 500", async () => {
  const service = spawnService(`
    context.log.info("up");
    context.mount({ fetch: ({ url }) => {
      if (url.endsWith("/bad")) throw new Error("handler broke");
      return Response.json({ error: "not found" }, { status: 404 });
    }});
    context.log.info("mounted");`);
  await service.line("mounted");
  expect((await service.get("/none")).status).toBe(404);
  expect((await service.get("/bad")).status).toBe(500);
  expect(await service.line("request failed")).toMatchObject({
    path: "/bad",
    err: { message: "handler broke" },
  });
});
