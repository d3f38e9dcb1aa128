import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, expect, test } from "vitest";

import { privateFolder } from "./private-folder.ts";
import { readPrivateFile, UnsafeFile } from "./read-private-file.ts";

const folder = await privateFolder("private-file-test");
afterAll(() => folder.remove());

let made = 0;
function fileOf(mode: number, text = "secret\n"): string {
  made += 1;
  const path = join(folder.path, `file-${made}`);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const { uid: me, gid: mine } = statSync(folder.path);
const ELSE = 54_321;

test.each([0o600, 0o400])("a file with mode %o is its owner's alone and is read", (mode) => {
  expect(readPrivateFile(fileOf(mode))).toBe("secret\n");
});

test.each([
  [0o640, "0640"],
  [0o440, "0440"],
  [0o700, "0700"],
  [0o604, "0604"],
  [0o620, "0620"],
  [0o601, "0601"],
  [0o666, "0666"],
])("one with mode %o is refused, with what was found and what to do", (mode, shown) => {
  const path = fileOf(mode);
  const refusal = (): unknown => {
    try {
      return readPrivateFile(path);
    } catch (error) {
      return error;
    }
  };
  expect(refusal()).toMatchObject({
    code: "E_UNSAFE_FILE",
    message: `${path}: must have mode 0600 or 0400, but has ${shown}`,
    action: "Run chmod 600 on the file; if others could read it, change what is in it.",
  });
});

test.each([
  ["a further group of its owner may read it", { uid: me, gid: ELSE, groups: [mine] }, "secret\n"],
  ["its group isn't the reader's", { uid: me, gid: ELSE, groups: [ELSE] }, "has 0440"],
  ["it is the group that own files get", { uid: me, gid: mine, groups: [mine] }, "has 0440"],
])("mode 0440: %s", (_, reader, says) => {
  expect(answerOf(() => readPrivateFile(fileOf(0o440), { reader }))).toContain(says);
});

test.skipIf(me !== 0)("mode 0440: root hands it to a group of another user", () => {
  const reader = { uid: ELSE, gid: mine, groups: [] };
  expect(readPrivateFile(fileOf(0o440), { reader })).toBe("secret\n");
});

/** What it gives, or the message of what it throws. */
function answerOf(read: () => string | undefined): string {
  try {
    return read() ?? "nothing";
  } catch (error) {
    return error instanceof UnsafeFile ? error.message : String(error);
  }
}

test("a group that may read may never write, whoever's it is", () => {
  const reader = { uid: me, gid: ELSE, groups: [mine] };
  expect(() => readPrivateFile(fileOf(0o660), { reader })).toThrow("has 0660");
});

test("a file of somebody else is refused by its owner, though it can be read", () => {
  const path = fileOf(0o600);
  const [owner, reader] = me === 0 ? [4711, { uid: 4712, gid: 4712, groups: [] }] : [me, undefined];
  if (me === 0) execFileSync("chown", [`${owner}`, path]);
  const as = reader ?? { uid: me + 1, gid: ELSE, groups: [] };
  expect(() => readPrivateFile(path, { reader: as })).toThrow(
    `must belong to the user who reads it (${as.uid}) or to root, but belongs to user ${owner}`,
  );
});

test("a link counts as what it leads to: a mounted secret is one", () => {
  const link = (to: string): string => {
    made += 1;
    const path = join(folder.path, `link-${made}`);
    symlinkSync(to, path);
    return path;
  };
  expect(readPrivateFile(link(fileOf(0o400)))).toBe("secret\n");
  expect(() => readPrivateFile(link(fileOf(0o644)))).toThrow("has 0644");
  expect(() => readPrivateFile(link(fileOf(0o600)), { link: "refused" })).toThrow(
    "must be no link",
  );
  expect(readPrivateFile(fileOf(0o600), { link: "refused" })).toBe("secret\n");
});

test("what isn't there is nothing; what isn't a small regular file is refused at once", () => {
  expect(readPrivateFile(join(folder.path, "absent"))).toBeUndefined();
  const pipe = join(folder.path, "pipe");
  execFileSync("mkfifo", ["-m", "600", pipe]);
  expect(() => readPrivateFile(pipe)).toThrow("must be a regular file");
  const inner = join(folder.path, "folder");
  mkdirSync(inner, { mode: 0o700 });
  expect(() => readPrivateFile(inner)).toThrow("must be a regular file");
  expect(() => readPrivateFile(fileOf(0o600, "12345"), { maxBytes: 4 })).toThrow(
    "must have 4 bytes at most, but has 5",
  );
  expect(() => readPrivateFile(join(fileOf(0o600), "below"))).toThrow("must be readable (ENOTDIR");
});
