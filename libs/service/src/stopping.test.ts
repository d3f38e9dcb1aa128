import { expect, test } from "vitest";

import { spawnService } from "./spawned-service.test.fixture.ts";

test("SIGTERM drains the work, then closes the last opened first, and ends with 0", async () => {
  const service = spawnService(`
    context.onShutdown("mesh", () => context.log.info("mesh closed"));
    context.onShutdown("orders", async () => context.log.info("orders closed"));
    context.markStarted();
    context.log.info("working");
    await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
    const probe = await fetch(context.address + "/readyz");
    context.log.info({ status: probe.status, body: await probe.text() }, "drained");`);
  await service.line("working");
  service.child.kill("SIGTERM");
  const { code, stderr } = await service.ended;
  expect(code).toBe(0);
  expect(stderr).toBe("");
  expect(service.log.map(({ msg }) => msg)).toEqual([
    "listening",
    "working",
    "stopping",
    "drained",
    "orders closed",
    "mesh closed",
    "stopped",
  ]);
  expect(await service.line("drained")).toMatchObject({
    status: 503,
    body: expect.stringContaining("stopping"),
  });
});

test("work that was waiting with the signal and rejects has obeyed, not failed", async () => {
  const service = spawnService(`
    const { setTimeout } = await import("node:timers/promises");
    context.log.info("waiting");
    await setTimeout(60_000, undefined, { signal: context.signal });`);
  await service.line("waiting");
  service.child.kill("SIGINT");
  expect((await service.ended).code).toBe(0);
});

test("a step that hangs ends the process with 70 after the grace and is named", async () => {
  const service = spawnService(
    `context.onShutdown("mesh", () => new Promise(() => {}));
     context.log.info("up");`,
    { env: { BATON_SHUTDOWN_GRACE_MS: "200" } },
  );
  await service.line("up");
  service.child.kill("SIGTERM");
  const { code, stderr } = await service.ended;
  expect(code).toBe(70);
  expect(stderr).toContain('the step "mesh" was not done after 200 ms');
  expect(service.log.at(-1)).toMatchObject({ level: "fatal", step: "mesh" });
});

test("a step that fails doesn't keep the others from closing, and ends with 70", async () => {
  const service = spawnService(`
    context.onShutdown("mesh", () => context.log.info("mesh closed"));
    context.onShutdown("orders", () => { throw new Error("stuck"); });
    context.log.info("up");`);
  await service.line("up");
  service.child.kill("SIGTERM");
  expect((await service.ended).code).toBe(70);
  expect(await service.line("a shutdown step failed")).toMatchObject({ step: "orders" });
  expect(service.log.map(({ msg }) => msg)).toContain("mesh closed");
});

test("a second signal ends it at once with 130", async () => {
  const service = spawnService(`
    context.onShutdown("mesh", () => new Promise(() => {}));
    context.log.info("up");`);
  await service.line("up");
  service.child.kill("SIGTERM");
  await service.line("stopping");
  service.child.kill("SIGINT");
  expect((await service.ended).code).toBe(130);
});

test("fail() stops in good order with 70", async () => {
  const service = spawnService(`
    context.onShutdown("mesh", () => context.log.info("mesh closed"));
    context.fail(new Error("the journal is gone"));`);
  const { code, stderr } = await service.ended;
  expect(code).toBe(70);
  expect(stderr).toContain("the journal is gone");
  expect(service.log.map(({ msg }) => msg)).toContain("mesh closed");
});

test("an open stream is cut, so that it can't hold up the end", async () => {
  const service = spawnService(`
    context.mount({ fetch: () => new Response(new ReadableStream({
      start: (stream) => stream.enqueue(new TextEncoder().encode("hello")),
    })) });
    context.log.info("up");`);
  await service.line("up");
  const stream = (await service.get("/events")).body?.getReader();
  await stream?.read();
  service.child.kill("SIGTERM");
  expect((await service.ended).code).toBe(0);
  await expect(stream?.read()).rejects.toThrow("terminated");
});
