import { readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { spawnService } from "./spawned-service.test.fixture.ts";
import { temporaryDirectory } from "./temporary-directory.test.fixture.ts";

test("a service names every fault of the environment at once and starts nothing", async () => {
  const service = spawnService("", {
    env: {
      BATON_NATS_URL: "http://me:hunter2@example.org",
      BATON_HTTP_PORT: "8o80",
      BATON_LOG_LEVEL: `loud\u001b[2J${"x".repeat(200)}`,
      BATON_NATS_SEED: "not-a-seed",
    },
  });
  const { code, stderr } = await service.ended;
  expect(code).toBe(3);
  expect(stderr).toContain("4 variables are wrong");
  expect(stderr).toContain('BATON_HTTP_PORT = "8o80"');
  expect(stderr).toContain("whole number from 0 to 65535");
  expect(stderr).toMatch(/BATON_NATS_URL = "http:\/\/\[redacted\]@example\.org"/);
  expect(stderr).toContain(String.raw`"loud\u001b[2J`);
  expect(stderr.match(/x+…/)?.[0].length).toBeLessThan(80);
  expect(stderr).not.toContain("not-a-seed");
  expect(service.log).toEqual([]);
});

test("variables of ours that nobody here knows are named, with what was meant", async () => {
  const env = { BATON_HTTP_PROT: "1", BATON_NATS_SEED_FIEL: "x", BATON_QUITE_ELSE: "", OTHER: "1" };
  const service = spawnService("", { env });
  await service.line("listening");
  const named = service.log.filter(({ msg }) => String(msg).startsWith("an environment variable"));
  expect(named.map(({ variable, action }) => [variable, action])).toEqual([
    ['"BATON_HTTP_PROT"', "did you mean BATON_HTTP_PORT?"],
    ['"BATON_NATS_SEED_FIEL"', "did you mean BATON_NATS_SEED_FILE?"],
    ['"BATON_QUITE_ELSE"', "unset it here"],
  ]);
});

test("a service logs its address as JSON with service, pid, time and level, and writes it to the file", async () => {
  const directory = temporaryDirectory();
  const file = join(directory, "address");
  const service = spawnService("", { env: { BATON_ADDRESS_FILE: file } });
  const line = await service.line("listening");
  expect(line).toMatchObject({ level: "info", service: "sample", pid: service.child.pid });
  expect(line["time"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(line["address"]).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(readFileSync(file, "utf8")).toBe(`${String(line["address"])}\n`);
  expect(readdirSync(directory)).toEqual(["address"]);
});

test("a service refuses a port in use, naming the service that holds it and a free port", async () => {
  const holder = spawnService("");
  const { port } = new URL(String((await holder.line("listening"))["address"]));
  const { code, stderr } = await spawnService("", { env: { BATON_HTTP_PORT: port } }).ended;
  expect(code).toBe(8);
  expect(stderr).toContain(
    `port ${port} on 127.0.0.1 is in use by sample (pid ${holder.child.pid})`,
  );
  expect(stderr).toMatch(/another port \(\d+ is free now\) or to 0/);
});

test("a service refuses a port held by a stranger without guessing who it is", async () => {
  const stranger = createServer((_, response) => response.end("hello"));
  await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void stranger.close());
  const address = stranger.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const { code, stderr } = await spawnService("", { env: { BATON_HTTP_PORT: String(port) } }).ended;
  expect(code).toBe(8);
  expect(stderr).toContain("in use by another process");
});

test("a service refuses an address that isn't this machine's", async () => {
  const { code, stderr } = await spawnService("", { env: { BATON_HTTP_HOST: "203.0.113.7" } })
    .ended;
  expect(code).toBe(3);
  expect(stderr).toContain("E_ADDRESS");
  expect(stderr).toContain("BATON_HTTP_HOST");
});

test("a service ends with the code of a StartFailure, after closing what was open", async () => {
  const service = spawnService(`
    context.onShutdown("mesh", () => context.log.info("mesh closed"));
    throw new StartFailure({ code: "E_NATS", exitCode: 8, message: "no server", action: "start it" });`);
  const { code, stderr } = await service.ended;
  expect(code).toBe(8);
  expect(stderr).toContain("(E_NATS): no server\n  do:   start it");
  expect(service.log.map(({ msg }) => msg)).toContain("mesh closed");
});

test.each([
  ["start rejects", 'throw new TypeError("broken")'],
  ["nobody caught it", 'setImmediate(() => { throw new TypeError("broken"); })'],
  ["a promise was left alone", 'void Promise.reject(new TypeError("broken"))'],
])("a service ends with 70 and a fatal line with the stack if %s", async (_, body) => {
  const service = spawnService(body);
  const { code, stderr } = await service.ended;
  expect(code).toBe(70);
  expect(stderr).toContain("TypeError: broken");
  expect(service.log).toContainEqual(
    expect.objectContaining({
      level: "fatal",
      err: expect.objectContaining({
        type: "TypeError",
        stack: expect.stringContaining("broken"),
      }),
    }),
  );
});

test("a secret of the environment is in no log line, whatever the sentence", async () => {
  const seed = `SU${"A2".repeat(28)}`;
  const service = spawnService(
    'context.log.warn({ detail: context.config.BATON_NATS_SEED }, "bad seed " + context.config.BATON_NATS_SEED);',
    { env: { BATON_NATS_SEED: seed } },
  );
  expect(await service.line("bad seed [redacted]")).toMatchObject({ detail: "[redacted]" });
});
