import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, expect, test } from "vitest";

import { ownFolder, privateFolder, UnsafeFolder } from "./private-folder.ts";

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
