import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { makeFolder } from "./make-folder.ts";

function place(): string {
  const path = mkdtempSync(join(tmpdir(), "baton-make-folder-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test("a folder is made with those above it, for its owner alone; one that is there stays", () => {
  const path = join(place(), "a/b/c");
  makeFolder(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(statSync(join(path, "..")).mode & 0o777).toBe(0o700);
  writeFileSync(join(path, "kept"), "");
  makeFolder(path, { mode: 0o755 });
  expect(existsSync(join(path, "kept"))).toBe(true);
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

test("what is in the way is told", () => {
  const file = join(place(), "file");
  writeFileSync(file, "");
  expect(() => makeFolder(file)).toThrow("EEXIST");
  expect(() => makeFolder(join(file, "x"))).toThrow("ENOTDIR");
  expect(() => makeFolder("/dev/null")).toThrow("EEXIST");
});

test.runIf(process.platform === "linux")("where no folder can be made it ends at once", () => {
  for (const path of ["/proc/baton", "/proc/a/b/c", "/sys/baton", "/proc/self/fd/x"])
    expect(() => makeFolder(path)).toThrow(/ENOENT|EPERM|EACCES|EROFS/);
});
