import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "@baton/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";

import { findServer } from "./server-address.ts";
import { writeState } from "./up/up-state.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder("server-address");
  mkdirSync(join(folder.path, "deep/er"), { recursive: true });
});
afterEach(() => folder.remove());

function meshRuns(pid: number): void {
  writeState(join(folder.path, ".baton/up.json"), {
    v: 1,
    pid,
    startedAt: "2026-03-01T12:00:00.000Z",
    dataDir: "/nowhere",
    natsUrl: "nats://127.0.0.1:5333",
    syncAlways: true,
    addresses: {},
    pids: {},
  });
}

test("the option comes before the environment, and that before the mesh of `baton up`", () => {
  meshRuns(process.pid);
  const env = { BATON_NATS_URL: "nats://env:4222" };
  expect(findServer("tls://option", env, folder.path)).toMatchObject({ source: "--server" });
  expect(findServer(undefined, env, folder.path)).toMatchObject({ url: "nats://env:4222" });
  expect(findServer(undefined, {}, join(folder.path, "deep/er"))).toMatchObject({
    url: "nats://127.0.0.1:5333",
    source: ".baton/up.json",
    up: { syncAlways: true },
  });
});

test("a mesh that is named by its address is known as well", () => {
  meshRuns(process.pid);
  const found = findServer("nats://127.0.0.1:5333", {}, folder.path);
  expect(found).toMatchObject({ source: "--server", up: { syncAlways: true } });
});

test("a state file that a crash left behind doesn't count, nor one that is something else", () => {
  // Above the highest process number that Linux gives.
  meshRuns(4_194_305);
  expect(findServer(undefined, {}, folder.path).source).not.toBe("--server");
  expect(findServer(undefined, {}, folder.path).url).not.toBe("nats://127.0.0.1:5333");
  writeFileSync(join(folder.path, ".baton/up.json"), "{");
  expect(findServer(undefined, {}, folder.path).url).not.toBe("nats://127.0.0.1:5333");
});

test.each(["http://host", "nats://", "host:4222", "", "nats://a:4222,ftp://b"])(
  "%j isn't an address",
  (url) => {
    expect(() => findServer(url, {}, folder.path)).toThrow("isn't the address of a NATS server");
  },
);

test("an address with a secret is refused without repeating it", () => {
  const refused = (): unknown => findServer("nats://user:hunter2@host", {}, folder.path);
  expect(refused).toThrow("holds a secret (not shown)");
  expect(refused).not.toThrow(/hunter2/);
});
