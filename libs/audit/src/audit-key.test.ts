import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { openAuditKey, parsePublicKey } from "./audit-key.ts";

let directory = "";
let path = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "audit-key-"));
  path = join(directory, "key.pem");
});
afterEach(() => rmSync(directory, { recursive: true }));

test("a missing key is made only when asked for, readable by its owner alone, and stays the same", () => {
  expect(() => openAuditKey(path)).toThrow("no audit key");
  const key = openAuditKey(path, { create: true });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(directory)).toEqual(["key.pem"]);
  const again = openAuditKey(path);
  expect(again.id).toBe(key.id);
  const bytes = new Uint8Array([1, 2, 3]);
  expect(parsePublicKey(key.pem).verify(bytes, again.sign(bytes))).toBe(true);
  expect(parsePublicKey(key.spki).verify(bytes.with(0, 9), again.sign(bytes))).toBe(false);
});

test("a key that others may read, another kind of key and other files are refused", () => {
  openAuditKey(path, { create: true });
  chmodSync(path, 0o644);
  expect(() => openAuditKey(path, { create: true })).toThrow("has 0644");
  chmodSync(path, 0o600);
  writeFileSync(path, "nonsense");
  expect(() => openAuditKey(path, { create: true })).toThrow("no private key");
  expect(() => openAuditKey(directory)).toThrow("must be a regular file");
  expect(() => openAuditKey("/dev/zero")).toThrow("must be a regular file");
  expect(() => openAuditKey(join(directory, "no", "key"), { create: true })).toThrow("written");
});

test("only a public Ed25519 key counts as a public key", () => {
  expect(() => parsePublicKey("-----BEGIN PRIVATE KEY-----")).toThrow("private key");
  expect(() => parsePublicKey("AAAA")).toThrow("not a public key");
});
