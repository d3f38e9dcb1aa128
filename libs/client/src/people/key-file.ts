/**
 * The key that a person or a system signs with: an nkey seed in a file that only its owner may read, with the name they go by.
 *
 *     SUAB…            the seed; it never leaves this file
 *     name: ada        optional
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, linkSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";

import { Identity } from "@baton/contracts";
import { makeFolder, readPrivateFile, UnsafeFile } from "@baton/files";
import { UserError, EXIT } from "@baton/text/user-error";
import { createUser, fromSeed } from "@nats-io/nkeys";

import { homeFolder } from "../file-failure.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const VARIABLE = "BATON_KEY_FILE";
const MAX_BYTES = 4096;

/** A key as it is used. */
export interface SigningKey {
  /** The file it's in. */
  readonly file: string;
  /** The name in the file; undefined if it has none. */
  readonly name: Identity | undefined;
  /** `U…`: what others may know. */
  readonly publicKey: string;
  /** Signs bytes: 64 bytes, Ed25519. */
  sign(this: void, bytes: Uint8Array): Uint8Array;
}

/** The file that the key is in, or would be: BATON_KEY_FILE, else `~/.config/baton/key`. */
export function keyFileOf(env: Environment): { readonly path: string; readonly named: boolean } {
  const path = env[VARIABLE];
  if (path !== undefined && path !== "") return { path, named: true };
  return { path: join(homeFolder(), ".config", "baton", "key"), named: false };
}

/** The file with a key that `baton up` made, below its data folder. */
export function localKeyFile(dataDir: string, name: Identity): string {
  return join(dataDir, "people", `${encodeURIComponent(name)}.key`);
}

/** The key in that file; undefined if there is no file. Throws `UserError` for one that others may read or that holds no key. */
export function readKeyFile(path: string): SigningKey | undefined {
  const text = readPrivately(path);
  return text === undefined ? undefined : parseKey(path, text);
}

function readPrivately(path: string): string | undefined {
  try {
    return readPrivateFile(path, { maxBytes: MAX_BYTES });
  } catch (error) {
    throw error instanceof UnsafeFile ? unusable(path, error.rule) : error;
  }
}

function parseKey(file: string, text: string): SigningKey {
  const [seed = "", second, ...rest] = text.trimEnd().split(/\r?\n/);
  const [, given] = /^name: (.+)$/.exec(second ?? "") ?? [];
  const name = given === undefined ? undefined : Identity.safeParse(given).data;
  if (rest.length > 0 || (second !== undefined && name === undefined))
    throw unusable(file, "after the seed it holds one line at most: `name: ` and a name");
  if (!/^SU[A-Z2-7]{56}$/.test(seed)) throw unusable(file, SEED_RULE);
  try {
    const pair = fromSeed(new TextEncoder().encode(seed));
    return { file, name, publicKey: pair.getPublicKey(), sign: (bytes) => pair.sign(bytes) };
  } catch {
    throw unusable(file, SEED_RULE);
  }
}

const SEED_RULE =
  "its first line is an nkey user seed, SU and 56 characters, with the right checksum";

/**
 * Makes a key for `name` unless there is one; one that is there keeps its seed and takes the name, if one is given. Of two who
 * make one at once both get the same.
 */
export function ensureKeyFile(
  path: string,
  { name, fallback }: { name: Identity | undefined; fallback: Identity },
): { readonly key: SigningKey; readonly created: boolean } {
  const found = readKeyFile(path);
  if (found) {
    if (name === undefined || name === found.name) return { key: found, created: false };
    const [seed = ""] = (readPrivately(path) ?? "").split(/\r?\n/);
    write(path, { seed, name }, renameSync);
    return { key: { ...found, name }, created: false };
  }
  const seed = new TextDecoder().decode(createUser().getSeed());
  makeFolder(dirname(path));
  // A link fails where a name is taken: nobody's key is ever overwritten.
  const created = write(path, { seed, name: name ?? fallback }, linkSync);
  const key = readKeyFile(path);
  if (!key) throw unusable(path, "it stays where it is while it's read");
  return { key, created };
}

/** False if somebody else was first. */
function write(
  path: string,
  { seed, name }: { seed: string; name: Identity },
  place: (from: string, to: string) => void,
): boolean {
  const partial = `${path}.${process.pid}.new`;
  try {
    const file = openSync(partial, "wx", 0o600);
    try {
      writeSync(file, `${seed}\nname: ${name}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    place(partial, path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(partial, { force: true });
  }
}

function unusable(path: string, rule: string): UserError {
  return new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: "the key file can't be used",
    value: path,
    rule,
    action:
      "`chmod 600` it if nobody else has read it; otherwise move it away, `baton login` for a new key and have the old one taken out of the registry.",
  });
}
