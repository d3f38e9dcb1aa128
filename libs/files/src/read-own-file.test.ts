import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { readOwnFile } from "./read-own-file.ts";
import { thisProcess } from "./read-private-file.ts";

/** A folder with a file in it, of these modes. */
function made({ file = 0o644, folder = 0o755 } = {}) {
  const root = mkdtempSync(join(tmpdir(), "baton-own-file-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const dir = join(root, "conf");
  mkdirSync(dir);
  const path = join(dir, "people.yaml");
  writeFileSync(path, "ada");
  chmodSync(path, file);
  chmodSync(dir, folder);
  return { root, dir, path };
}
const read = (path: string, as = {}) =>
  readOwnFile(path, { reader: { ...thisProcess(), ...as } }).toString();
const STRANGER = 4_000_001;

test.each([
  ["one's own", {}],
  ["one that others can't read", { file: 0o400, folder: 0o700 }],
  ["one that the own group may write", { file: 0o664, folder: 0o775 }],
  ["one in a folder like /tmp", { folder: 0o1777 }],
])("a file is read: %s", (_, modes) => {
  expect(read(made(modes).path)).toBe("ada");
});

test.each([
  ["that anybody may write", { file: 0o646 }, {}, /people.yaml: must be writable by nobody/],
  ["that a group may write", { file: 0o664 }, { gid: STRANGER, groups: [] }, /people.yaml: .*0664/],
  ["in a folder that anybody may write", { folder: 0o757 }, {}, /conf: .*0757/],
  ["in a folder of a group's", { folder: 0o775 }, { gid: STRANGER, groups: [] }, /conf: .*0775/],
])("a file %s is refused", (_, modes, as, fault) => {
  expect(() => read(made(modes).path, as)).toThrow(fault);
});

test("a file, a folder and a link of somebody else's are refused, even where names can't be replaced", (context) => {
  context.skip(process.getuid?.() !== 0, "only root may give files away");
  const reader = { uid: STRANGER - 1, gid: STRANGER, groups: [] };
  for (const of of ["path", "dir"] as const) {
    const files = made({ folder: 0o1777 });
    chownSync(files[of], STRANGER, STRANGER);
    expect(() => read(files.path, reader)).toThrow(/must belong to the user who reads it/);
  }
  const { dir, path } = made({ folder: 0o1777 });
  const link = join(dir, "link.yaml");
  symlinkSync(path, link);
  expect(read(link, reader)).toBe("ada");
  const { lchownSync } = process.getBuiltinModule("node:fs");
  lchownSync(link, STRANGER, STRANGER);
  expect(() => read(link, reader)).toThrow(/link.yaml: must belong/);
});

test("a link into a folder that strangers may write is refused", () => {
  const open = made({ folder: 0o777 });
  const { dir } = made();
  symlinkSync(open.path, join(dir, "link.yaml"));
  expect(() => read(join(dir, "link.yaml"))).toThrow(/conf: .*0777/);
});

test("what a kubelet mounts is read: root's, for a group, through links", (context) => {
  context.skip(process.getuid?.() !== 0, "only root has root's files");
  const { root } = made();
  const dir = join(root, "mounted");
  const version = join(dir, "..2026_11_29");
  mkdirSync(version, { recursive: true });
  writeFileSync(join(version, "people.yaml"), "ada", { mode: 0o440 });
  symlinkSync("..2026_11_29", join(dir, "..data"));
  symlinkSync("..data/people.yaml", join(dir, "people.yaml"));
  chownSync(version, 0, STRANGER);
  chmodSync(version, 0o2775);
  chmodSync(dir, 0o1777);
  const pod = { uid: STRANGER - 1, gid: STRANGER - 1, groups: [STRANGER] };
  expect(read(join(dir, "people.yaml"), pod)).toBe("ada");
  expect(() => read(join(dir, "people.yaml"), { ...pod, groups: [] })).toThrow(/0775/);
});

test("what is absent, too large or no file is said", () => {
  const { dir, path } = made();
  expect(() => read(join(dir, "absent"))).toThrow(/ENOENT/);
  expect(() => read(dir)).toThrow(/regular file/);
  expect(() => readOwnFile(path, { maxBytes: 2 })).toThrow(/2 bytes at most/);
});
