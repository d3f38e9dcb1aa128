import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { type Command, signedText } from "@baton/contracts";
import { temporaryFolder } from "@baton/testkit";
import { UserError } from "@baton/text/user-error";
import { createUser, fromPublic } from "@nats-io/nkeys";
import { afterAll, expect, test } from "vitest";

import { signCommand } from "../sending/sign-command.ts";
import { senderFrom } from "./identity.ts";
import { ensureKeyFile, keyFileOf, readKeyFile } from "./key-file.ts";

const folder = temporaryFolder("keys");
afterAll(() => folder.remove());

const SEED = new TextDecoder().decode(createUser().getSeed());
const ADA = { name: "ada", fallback: "user" } as const;
let count = 0;

function fileWith(text: string, mode = 0o600): string {
  count += 1;
  const path = join(folder.path, `key-${count}`);
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
  return path;
}

function refusalOf(work: () => unknown): UserError["details"] {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError) return error.details;
    throw error;
  }
  throw new Error("it was taken");
}

test("login makes a key that only its owner can read, in a folder of its own", () => {
  const path = join(folder.path, "home/.config/baton/key");
  const { key, created } = ensureKeyFile(path, ADA);
  expect(created).toBe(true);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, "utf8")).toMatch(/^SU[A-Z2-7]{56}\nname: ada\n$/);
  expect(key).toMatchObject({ name: "ada", publicKey: expect.stringMatching(/^U/) });
});

test("login again keeps the key; another name replaces the name alone", () => {
  const path = join(folder.path, "again");
  const first = ensureKeyFile(path, { name: undefined, fallback: "user" });
  const again = ensureKeyFile(path, { name: undefined, fallback: "other" });
  const renamed = ensureKeyFile(path, { name: "ada", fallback: "user" });
  expect([first.key.name, again.key.name, renamed.key.name]).toEqual(["user", "user", "ada"]);
  expect([again.created, renamed.created]).toEqual([false, false]);
  expect(readKeyFile(path)).toMatchObject({ name: "ada", publicKey: first.key.publicKey });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("a bare seed, as a secret store mounts it, is a key without a name", () => {
  expect(readKeyFile(fileWith(SEED, 0o400))?.name).toBeUndefined();
  expect(readKeyFile(fileWith(`${SEED}\n`))?.name).toBeUndefined();
});

test.each([0o644, 0o640, 0o666, 0o700, 0o604])("a key file of mode %o is refused", (mode) => {
  const path = fileWith(`${SEED}\n`, mode);
  expect(refusalOf(() => readKeyFile(path))).toMatchObject({
    code: "E_INVALID",
    exit: 3,
    value: path,
    rule: `must have mode 0600 or 0400, but has ${mode.toString(8).padStart(4, "0")}`,
  });
});

test("the mode that counts is that of the file a link leads to", () => {
  const link = join(folder.path, "link");
  symlinkSync(fileWith(`${SEED}\n`, 0o644), link);
  expect(refusalOf(() => readKeyFile(link)).rule).toContain("0644");
});

test.each([
  ["nothing", ""],
  ["a public key", createUser().getPublicKey()],
  // Not the last character: two of its bits say nothing.
  [
    "a seed with a wrong checksum",
    SEED.slice(0, -2) + (SEED.at(-2) === "A" ? "B" : "A") + SEED.slice(-1),
  ],
  ["an account's seed", `SA${"A".repeat(56)}`],
  ["more than a name", `${SEED}\nname: ada\nroles: all\n`],
  ["a name that can't be shown", `${SEED}\nname: a\u0007da\n`],
  ["two seeds", `${SEED}\n${SEED}\n`],
])("%s isn't a key, and what is there isn't told", (_, text) => {
  const refusal = refusalOf(() => readKeyFile(fileWith(text)));
  expect(refusal.code).toBe("E_INVALID");
  expect(JSON.stringify(refusal)).not.toContain(SEED.slice(2, 20));
});

test("a folder or a huge file isn't a key", () => {
  mkdirSync(join(folder.path, "folder"), { mode: 0o600 });
  expect(refusalOf(() => readKeyFile(join(folder.path, "folder"))).rule).toContain("regular file");
  expect(refusalOf(() => readKeyFile(fileWith("x".repeat(5000)))).rule).toContain(
    "4096 bytes at most",
  );
});

const HERE = { server: undefined };

test("the key is where BATON_KEY_FILE says, which must exist then", () => {
  expect(keyFileOf({}).path).toMatch(/\/\.config\/baton\/key$/);
  const path = join(folder.path, "absent");
  expect(keyFileOf({ BATON_KEY_FILE: path }).path).toBe(path);
  expect(refusalOf(() => senderFrom(undefined, HERE, { BATON_KEY_FILE: path }))).toMatchObject({
    exit: 3,
    message: "BATON_KEY_FILE names no file",
  });
});

test("commands go out in the key's name, unless another is asked for", () => {
  const env = { BATON_KEY_FILE: fileWith(`${SEED}\nname: ada\n`) };
  expect(senderFrom(undefined, HERE, env).name).toBe("ada");
  expect(senderFrom("eve", HERE, env).name).toBe("eve");
});

test("a signed command verifies with the public key, at the time of signing", () => {
  const key = readKeyFile(fileWith(`${SEED}\n`));
  if (!key) throw new Error("no key");
  const command: Command & { mesh: string } = {
    v: 1,
    mesh: `mesh-${"0".repeat(32)}`,
    id: "command-1",
    candidateId: "cand-1",
    time: "2026-03-01T09:00:00.000Z",
    by: "ada",
    type: "pause",
    why: "because",
  };
  const signed = signCommand(command, key, new Date("2026-03-01T10:00:00.000Z"));
  expect(signed).toMatchObject({ time: "2026-03-01T10:00:00.000Z", publicKey: key.publicKey });
  const bytes = Buffer.from(signed.signature ?? "", "base64url");
  expect(fromPublic(key.publicKey).verify(Buffer.from(signedText(signed)), bytes)).toBe(true);
});
