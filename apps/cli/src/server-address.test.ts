import { chmodSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

import { findServer, writeState } from "@baton/client";
import { temporaryFolder } from "@baton/testkit";
import { UserError } from "@baton/text/user-error";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { baton } from "./testing/run-baton.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder("server-address");
});
afterEach(() => folder.remove());

const pointer = (): string => join(folder.path, ".baton/up.json");
const MESH = { name: `mesh-${"0".repeat(32)}`, receiptKeys: [] };

function meshRuns(pid: number, { file = pointer(), dataDir = "/nowhere" } = {}): void {
  writeState(file, {
    v: 1,
    mesh: MESH,
    pid,
    startedAt: "2026-03-01T12:00:00.000Z",
    dataDir,
    natsUrl: "nats://127.0.0.1:5333",
    syncAlways: true,
    addresses: {},
    pids: {},
  });
}

test("the option comes before the environment, and that before the mesh of `baton up`", () => {
  meshRuns(process.pid);
  const env = { BATON_NATS_URL: "nats://env:4222" };
  expect(findServer({ server: "tls://option" }, env, pointer())).toMatchObject({
    source: "--server",
  });
  expect(findServer({}, env, pointer())).toMatchObject({ url: "nats://env:4222" });
  expect(findServer({}, {}, pointer())).toMatchObject({
    url: "nats://127.0.0.1:5333",
    source: ".baton/up.json",
    up: { syncAlways: true },
  });
});

test("a mesh that is named by its address is known as well", () => {
  meshRuns(process.pid);
  const found = findServer({ server: "nats://127.0.0.1:5333" }, {}, pointer());
  expect(found).toMatchObject({ source: "--server", up: { syncAlways: true } });
});

describe("--data", () => {
  const mesh = (name: string): string => join(folder.path, name);
  const runsOn = (root: string, { pid = process.pid, dataDir = root } = {}): void =>
    meshRuns(pid, { file: join(root, "up.json"), dataDir });
  const findOn = (data: string) => findServer({ data }, {}, pointer());
  const refusalOf = (data: string): Partial<UserError["details"]> => {
    try {
      findOn(data);
    } catch (error) {
      if (error instanceof UserError) return error.details;
    }
    return {};
  };

  test("names the mesh that runs on a folder, before the environment and the usual one", () => {
    meshRuns(process.pid);
    runsOn(mesh("second"));
    const env = { BATON_NATS_URL: "nats://env:4222" };
    const found = { source: "--data", up: { dataDir: mesh("second") } };
    expect(findServer({ data: mesh("second") }, env, pointer())).toMatchObject(found);
    expect(findOn(relative(process.cwd(), mesh("second")))).toMatchObject(found);
  });

  test("names a dry run's mesh by the folder of its evidence", () => {
    runsOn(mesh("dry/mesh"));
    expect(findOn(mesh("dry"))).toMatchObject({ up: { dataDir: mesh("dry/mesh") } });
  });

  test.each<[string, string, (root: string) => void]>([
    ["isn't there", "there is no such folder", () => undefined],
    ["is a file", "there is no such folder", (root) => writeFileSync(root, "")],
    ["has no mesh", "no up.json that is your own", (root) => mkdirSync(root)],
    [
      "crashed",
      "process 4194305, which ran one, is gone",
      (root) => runsOn(root, { pid: 4_194_305 }),
    ],
    [
      "is a copy",
      "its up.json is about /elsewhere",
      (root) => runsOn(root, { dataDir: "/elsewhere" }),
    ],
    [
      "others may write",
      "no up.json that is your own",
      (root) => {
        runsOn(root);
        chmodSync(join(root, "up.json"), 0o666);
      },
    ],
  ])("on a folder that %s says so and what to do", (name, why, make) => {
    const root = mesh(name.replaceAll(/\W/g, "-"));
    make(root);
    expect(refusalOf(root)).toMatchObject({
      code: "E_UNAVAILABLE",
      exit: 8,
      message: expect.stringContaining(why),
      value: root,
      action: expect.stringContaining(`baton up --data ${root}`),
    });
  });
});

test("a state file that a crash left behind doesn't count, nor one that is something else", () => {
  // Above the highest process number that Linux gives.
  meshRuns(4_194_305);
  expect(findServer({}, {}, pointer()).source).not.toBe("--server");
  expect(findServer({}, {}, pointer()).url).not.toBe("nats://127.0.0.1:5333");
  writeFileSync(pointer(), "{");
  expect(findServer({}, {}, pointer()).url).not.toBe("nats://127.0.0.1:5333");
});

test.each<[string, (file: string) => void]>([
  ["that others may write", (file) => chmodSync(file, 0o666)],
  ["that its group may write", (file) => chmodSync(file, 0o660)],
  [
    "that is a link to one",
    (file) => {
      renameSync(file, `${file}.real`);
      symlinkSync(`${file}.real`, file);
    },
  ],
])("a state file %s names no server", (_, spoil) => {
  meshRuns(process.pid);
  expect(findServer({}, {}, pointer()).source).toBe(".baton/up.json");
  spoil(pointer());
  expect(findServer({}, {}, pointer())).toMatchObject({ source: "default", up: undefined });
});

test("a state file of a process that isn't ours names no server", () => {
  // Process 1 is another user's, except for root.
  meshRuns(process.getuid?.() === 0 ? 4_194_305 : 1);
  expect(findServer({}, {}, pointer()).source).toBe("default");
});

test("a state file in the folder where the user is names no server", async () => {
  meshRuns(process.pid);
  const { stderr, code } = await baton(["kill-switch", "engage", "--why", "bad fills"], {
    cwd: folder.path,
    env: { BATON_NATS_URL: "" },
  });
  expect(code).not.toBe(0);
  expect(stderr).not.toContain("5333");
});

test.each([
  "http://host",
  "nats://",
  "host:4222",
  "",
  "nats://a:4222,ftp://b",
  "wss://host",
  // No certificate is held against these.
  "tls://127.0.0.1:4222",
  "tls://[::1]:4222",
  "tls://host,tls://10.0.0.7",
])("%j isn't an address", (url) => {
  expect(() => findServer({ server: url }, {}, pointer())).toThrow(
    "isn't the address of a NATS server",
  );
});

test("an address with a secret is refused without repeating it", () => {
  const refused = (): unknown => findServer({ server: "nats://user:hunter2@host" }, {}, pointer());
  expect(refused).toThrow("holds a secret (not shown)");
  expect(refused).not.toThrow(/hunter2/);
});
