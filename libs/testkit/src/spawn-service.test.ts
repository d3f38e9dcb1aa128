import { existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { afterAll, expect, test } from "vitest";

import { eventually } from "./eventually.ts";
import { runningServices, type SpawnedService, spawnService } from "./spawn-service.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { withNats } from "./test-nats.ts";

/** As much of a service as the kit deals with: an address file, /readyz, SIGTERM, standard input. */
const SERVICE = `
import { renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
const { BATON_ADDRESS_FILE: file, MODE } = process.env;
if (MODE === "broken") { console.error("E_CONFIG: no such thing"); process.exit(3); }
let asked = 0;
const server = createServer((request, response) => {
  asked += 1;
  response.writeHead(MODE === "never" || asked < 3 ? 503 : 200).end("starting");
});
server.listen(Number(process.env.BATON_HTTP_PORT), "127.0.0.1", () => {
  writeFileSync(file + ".tmp", "http://127.0.0.1:" + server.address().port + "\\n");
  renameSync(file + ".tmp", file);
  console.log("file " + file, Object.keys(process.env).toSorted().join(" "));
});
process.on("SIGTERM", () => MODE !== "stubborn" && process.exit(0));
process.stdin.on("end", () => process.exit(9)).resume();
`;

const folder = temporaryFolder("spawn");
const entry = join(folder.path, "main.mjs");
writeFileSync(entry, SERVICE);
afterAll(() => folder.remove());

const start = (mode: string): SpawnedService => spawnService(entry, { MODE: mode });

test("ready answers with the address once /readyz says 200", async () => {
  await using service = start("normal");
  const address = await service.ready();
  expect((await fetch(`${address}/readyz`)).status).toBe(200);
});

test("SIGTERM and SIGKILL tell how it ended, and its folder is gone", async () => {
  const polite = start("normal");
  await polite.ready();
  const [, file = ""] = /^file (\S+)/m.exec(polite.output()) ?? [];
  expect(existsSync(dirname(file))).toBe(true);
  expect(await polite.sigterm()).toEqual({ code: 0, signal: null });
  await eventually(() => !existsSync(dirname(file)), { what: "its folder is removed" });
  const killed = start("normal");
  await killed.ready();
  expect(await killed.sigkill()).toEqual({ code: null, signal: "SIGKILL" });
});

test("one that ignores SIGTERM is killed after the grace", async () => {
  const service = start("stubborn");
  await service.ready();
  expect(await service.stop(50)).toEqual({ code: null, signal: "SIGKILL" });
});

test("one that ends instead of getting ready says so with its output, at once", async () => {
  const service = start("broken");
  await expect(service.ready()).rejects.toThrow(/ended with 3 before it was ready[^]*E_CONFIG/);
  expect(await service.exited).toEqual({ code: 3, signal: null });
});

test("one that never gets ready fails with what /readyz said last", async () => {
  await using service = start("never");
  await expect(service.ready(500)).rejects.toThrow("last look: HTTP 503: starting");
});

test("it sees nothing of our environment but what it's given", async () => {
  process.env["SECRET_OF_THE_TEST_RUN"] = "1";
  await using service = start("normal");
  await service.ready();
  delete process.env["SECRET_OF_THE_TEST_RUN"];
  expect(service.output()).toContain("BATON_EXIT_WITH_PARENT");
  expect(service.output()).not.toContain("SECRET_OF_THE_TEST_RUN");
});

test("a service that outlives its test's server fails the test and is ended", async () => {
  let forgotten: SpawnedService | undefined;
  const leaking = withNats(async () => {
    forgotten = start("normal");
    await forgotten.ready();
  });
  await expect(leaking).rejects.toThrow(/left over: service \S+ \(pid \d+\) still runs/);
  expect(await forgotten?.exited).toEqual({ code: null, signal: "SIGKILL" });
  expect(runningServices()).toEqual([]);
});
