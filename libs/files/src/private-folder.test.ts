import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, expect, test } from "vitest";

import { ownFolder, privateFolder, refuseForeign, UnsafeFolder } from "./private-folder.ts";

const folder = mkdtempSync(join(tmpdir(), "baton-files-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

test("a private folder has a name of its own, is closed to others, and goes with all that is in it", async () => {
  const [one, other] = await Promise.all([privateFolder("a"), privateFolder("a")]);
  expect(one.path).not.toBe(other.path);
  expect(statSync(one.path).mode & 0o777).toBe(0o700);
  mkdirSync(join(one.path, "in"));
  for (const made of [one, other]) await made.remove();
  await one.remove();
  expect(() => statSync(one.path)).toThrow("ENOENT");
});

test("a folder by name is made closed to others, and found again", async () => {
  const path = at("deep/own");
  expect(await ownFolder(path)).toBe(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(await ownFolder(path)).toBe(path);
});

test.each([
  ["that others may write", 0o777, /has mode 0777/],
  ["that others may look into", 0o755, /has mode 0755/],
])("a folder %s is refused, and left as it is", async (what, mode, says) => {
  const path = at(what.replaceAll(" ", "-"));
  mkdirSync(path);
  chmodSync(path, mode);
  await expect(ownFolder(path)).rejects.toThrow(says);
  await expect(ownFolder(path)).rejects.toBeInstanceOf(UnsafeFolder);
  expect(statSync(path).mode & 0o777).toBe(mode);
});

test("a link is refused, wherever it leads", async () => {
  const path = at("link");
  symlinkSync(await ownFolder(at("target")), path);
  await expect(ownFolder(path)).rejects.toThrow("is a link");
  expect(lstatSync(path).isSymbolicLink()).toBe(true);
});

const isRoot = process.getuid?.() === 0;
/** A process of a pod: user 4711 of its own group, with `fsGroup` beside it. */
function inPod(path: string, fsGroup: number): string {
  const module = join(import.meta.dirname, "private-folder.ts");
  const script = `
    const { ownFolder } = await import(${JSON.stringify(module)});
    process.setgroups([${fsGroup}]); process.setgid(4711); process.setuid(4711);
    console.log(await ownFolder(${JSON.stringify(path)}).catch((error) => error.message));`;
  const args = ["--input-type=module", "-e", script];
  return execFileSync(process.execPath, args, { encoding: "utf8" }).trim();
}

test.skipIf(!isRoot)(
  "P3: in a mounted folder that root handed to the pod's group there is one of its own",
  () => {
    chmodSync(folder, 0o755);
    const path = at("mounted");
    mkdirSync(path);
    chownSync(path, 0, 5000);
    chmodSync(path, 0o2770);
    expect(inPod(path, 5000)).toBe(join(path, "own-4711"));
    const { uid, mode } = statSync(join(path, "own-4711"));
    expect([uid, mode & 0o777]).toEqual([4711, 0o700]);
    expect(inPod(path, 5000)).toBe(join(path, "own-4711"));
    expect(inPod(join(path, "own-4711"), 5000)).toBe(join(path, "own-4711"));
    // What others may write, whoever's it is, isn't safe; nor is what another group was handed.
    chmodSync(path, 0o2777);
    expect(inPod(path, 5000)).toContain("belongs to user 0");
    const foreign = at("foreign");
    mkdirSync(foreign);
    chownSync(foreign, 0, 6000);
    chmodSync(foreign, 0o2770);
    expect(inPod(foreign, 5000)).toContain("belongs to user 0");
  },
);

const foreign: readonly (readonly [string, (path: string) => void, RegExp])[] = [
  ["is somebody else's", (path) => chownSync(path, 4711, 4711), /data-\d+ belongs to user 4711/],
  ["anybody may write", (path) => chmodSync(path, 0o777), /has mode 0777/],
  ["its group may write", (path) => chmodSync(path, 0o770), /has mode 0770/],
  [
    "has somebody else's folder in it",
    (path) => {
      mkdirSync(join(path, "run"));
      chownSync(join(path, "run"), 4711, 4711);
    },
    /run belongs to user 4711/,
  ],
  [
    "has somebody else's link in it, wherever that leads",
    (path) => {
      symlinkSync("/etc/hosts", join(path, "writable"));
      lchownSync(join(path, "writable"), 4711, 4711);
    },
    /writable belongs to user 4711/,
  ],
  [
    "is reached by somebody else's link",
    (path) => {
      rmdirSync(path);
      symlinkSync(folder, path);
      lchownSync(path, 4711, 4711);
    },
    /data-\d+ belongs to user 4711/,
  ],
];

let data = 0;
function dataFolder(): string {
  data += 1;
  const path = at(`data-${data}`);
  mkdirSync(path, { mode: 0o755 });
  return path;
}

test.skipIf(!isRoot).each(foreign)("P4: a data folder that %s is refused", (_, prepare, says) => {
  const path = dataFolder();
  refuseForeign(path);
  prepare(path);
  expect(() => refuseForeign(path)).toThrow(says);
  expect(() => refuseForeign(path)).toThrow(UnsafeFolder);
});

test("P4: others may look into a data folder, and a link of one's own may lead to it", () => {
  const path = dataFolder();
  symlinkSync(path, at("data-link"));
  mkdirSync(join(path, "inside"));
  for (const name of [path, at("data-link")]) expect(() => refuseForeign(name)).not.toThrow();
});
