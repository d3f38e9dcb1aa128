import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { connect } from "nats";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";

import { findNatsServer, type FoundNatsServer } from "./find-nats-server.ts";
import { processIdentity } from "./process-identity.ts";
import { startNatsServer, type StartOptions } from "./start-nats-server.ts";

let server: FoundNatsServer;
beforeAll(async () => {
  server = await findNatsServer({ signal: AbortSignal.timeout(120_000) });
}, 125_000);

let folder: string;
let options: StartOptions;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "baton-start-"));
  options = {
    server,
    storeDir: join(folder, "store"),
    logFile: join(folder, "nats-server.log"),
    port: 0,
    syncAlways: true,
    exitWithParent: true,
  };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("it answers when the server takes connections, with JetStream on", async () => {
  await using nats = await startNatsServer({ ...options, serverName: "under-test" });
  const nc = await connect({ servers: nats.url });
  expect(nc.info).toMatchObject({
    jetstream: true,
    server_name: "under-test",
    port: nats.port,
    max_payload: 1024 * 1024,
    version: nats.version,
  });
  await nc.close();
});

test.each([true, false])("fsync before every acknowledgement: %s", async (syncAlways) => {
  await using nats = await startNatsServer({ ...options, syncAlways, monitorPort: 0 });
  const response = await fetch(`${nats.monitorUrl}/varz`);
  const { jetstream } = z
    .object({ jetstream: z.object({ config: z.object({ sync_always: z.boolean().optional() }) }) })
    .parse(await response.json());
  expect(jetstream.config.sync_always ?? false).toBe(syncAlways);
});

test("stop ends it in good order, and again does nothing", async () => {
  const nats = await startNatsServer(options);
  expect(await nats.stop()).toEqual({ code: 0, signal: null });
  expect(await nats.stop()).toEqual({ code: 0, signal: null });
  expect(processIdentity(nats.pid)).toBeUndefined();
});

test("a server that doesn't react to stop is killed after the grace", async () => {
  const nats = await startNatsServer(options);
  nats.kill("SIGSTOP");
  expect(await nats.stop(50)).toEqual({ code: null, signal: "SIGKILL" });
});

test("a second server on the same store is refused and told who has it", async () => {
  await using nats = await startNatsServer(options);
  await expect(startNatsServer(options)).rejects.toMatchObject({
    code: "E_STORE_IN_USE",
    message: expect.stringContaining(`in use by process ${nats.pid}`),
  });
});

test("of several that start on one store at the same time one wins at most", async () => {
  const starts = await Promise.allSettled([1, 2, 3].map(() => startNatsServer(options)));
  const won = starts.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
  await Promise.all(won.map((nats) => nats.stop()));
  expect(won.length).toBeLessThanOrEqual(1);
  // Whoever stepped back left nothing behind that would stop the next one.
  await (await startNatsServer(options)).stop();
});

test("a store is free again after its server was killed", async () => {
  const first = await startNatsServer(options);
  first.kill("SIGKILL");
  await first.exited;
  const second = await startNatsServer({ ...options, port: first.port });
  expect(second.url).toBe(first.url);
  await second.stop();
});

test("a taken port is named together with the server that has it", async () => {
  await using nats = await startNatsServer({ ...options, serverName: "first" });
  const second = startNatsServer({ ...options, storeDir: join(folder, "2"), port: nats.port });
  await expect(second).rejects.toMatchObject({
    code: "E_PORT_IN_USE",
    message: `port ${nats.port} on 127.0.0.1 is in use by nats-server ${nats.version} named "first"`,
  });
});

test("a configuration that the server refuses is reported in its own words", async () => {
  const refused = startNatsServer({ ...options, extraConfig: "no_such_option: 1" });
  await expect(refused).rejects.toMatchObject({
    code: "E_NATS_SERVER",
    message: expect.stringMatching(/ended with 1[^]*no_such_option/),
  });
});

test("a program or folder that can't be used is reported, whichever way it's started", async () => {
  const missing = { ...server, path: join(folder, "gone") };
  for (const exitWithParent of [true, false]) {
    const failing = startNatsServer({ ...options, exitWithParent, server: missing });
    await expect(failing).rejects.toMatchObject({ code: "E_NATS_SERVER" });
  }
  writeFileSync(join(folder, "file"), "");
  const unwritable = startNatsServer({ ...options, storeDir: join(folder, "file") });
  await expect(unwritable).rejects.toThrow(/can't be written: EEXIST|ENOTDIR/);
});

test("a server that isn't ready in time is ended", async () => {
  const hanging = join(folder, "hanging");
  writeFileSync(
    hanging,
    "#!/bin/sh\necho $$ > pid\nexec sleep 60\n".replace("pid", `${folder}/pid`),
    {
      mode: 0o755,
    },
  );
  const start = startNatsServer({
    ...options,
    server: { ...server, path: hanging },
    readyWithinMs: 1500,
  });
  await expect(start).rejects.toThrow("wasn't ready after 1500 ms");
  expect(processIdentity(Number(readFileSync(join(folder, "pid"), "utf8")))).toBeUndefined();
});

/** A process that starts a server as told, says its number and stays. */
async function parent(exitWithParent: boolean): Promise<{ child: ChildProcess; pid: number }> {
  const module = JSON.stringify(join(import.meta.dirname, "start-nats-server.ts"));
  const script = `
    const { startNatsServer } = await import(${module});
    const nats = await startNatsServer(${JSON.stringify({ ...options, exitWithParent })});
    console.log(nats.pid);
    setInterval(() => 0, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface(child.stdout), "line");
  return { child, pid: Number(line) };
}

test("a tied server ends when its parent is killed, and its store can be had at once", async () => {
  const { child, pid } = await parent(true);
  expect(processIdentity(pid)).toBeDefined();
  child.kill("SIGKILL");
  await once(child, "exit");
  await using next = await startNatsServer(options);
  expect(next.pid).not.toBe(pid);
  expect(processIdentity(pid)).toBeUndefined();
});

test("a tied server that hangs is killed after its parent", { timeout: 20_000 }, async () => {
  const { child, pid } = await parent(true);
  process.kill(pid, "SIGSTOP");
  child.kill("SIGKILL");
  await expect.poll(() => processIdentity(pid), { timeout: 15_000 }).toBeUndefined();
});

test("a server that isn't tied goes on without its parent and keeps its store", async () => {
  const { child, pid } = await parent(false);
  child.kill("SIGKILL");
  await once(child, "exit");
  await expect(startNatsServer(options)).rejects.toThrow(`in use by process ${pid}`);
  process.kill(pid, "SIGTERM");
  await expect.poll(() => processIdentity(pid), { timeout: 10_000 }).toBeUndefined();
});
