/**
 * The meshes that this user takes for what they say they are: name, and the keys that their receipts are signed with. What a
 * server says about itself isn't believed; somebody told the user, as with the host keys of ssh.
 *
 *     mesh-0f3c… UAXR… UB5T…      one a line; a mesh without a key signs no receipts (a mesh for tests)
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";

import { MeshName, PublicKey } from "@baton/contracts";
import { makeFolder, readPrivateFile, UnsafeFile } from "@baton/files";
import { UserError, EXIT } from "@baton/text/user-error";

import { homeFolder } from "../file-failure.ts";
import type { ServerAddress } from "./server-address.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** A mesh that is known. */
export interface TrustedMesh {
  readonly name: MeshName;
  /** None: its receipts aren't signed. */
  readonly receiptKeys: readonly PublicKey[];
}

const MAX_BYTES = 100_000;
/** An old key and a new one, and room. */
const MAX_KEYS = 8;

/** The file: BATON_MESHES_FILE, else `~/.config/baton/meshes`. */
export function meshesFileOf(env: Environment): string {
  const path = env["BATON_MESHES_FILE"];
  return path !== undefined && path !== "" ? path : join(homeFolder(), ".config/baton/meshes");
}

/** How a command came to its server. */
type Meant = Pick<ServerAddress, "source"> & {
  readonly up: { readonly mesh: TrustedMesh } | undefined;
};

/**
 * The meshes that are known: those of the file, and the one that this user's `baton up` runs. Where a data folder was named, only
 * that one's; else BATON_MESH, a line as in the file, goes before all of them: no other one counts then. Throws `UserError`.
 */
export function trustedMeshes(env: Environment, { up, source }: Meant): readonly TrustedMesh[] {
  const own = up?.mesh;
  if (own && source === "--data") return [own];
  const line = env["BATON_MESH"];
  if (line !== undefined && line !== "") return [parseMesh(line, "BATON_MESH")];
  const path = meshesFileOf(env);
  const kept = parseFile(path);
  return own ? [own, ...kept] : kept;
}

/** What a line says. Throws `UserError` E_INVALID that names its place. */
export function parseMesh(line: string, from: string): TrustedMesh {
  const [name = "", ...keys] = line.trim().split(/\s+/);
  const parsed = MeshName.safeParse(name);
  const receiptKeys = keys.map((key) => PublicKey.safeParse(key).data);
  const right = receiptKeys.flatMap((key) => (key === undefined ? [] : [key]));
  if (parsed.success && right.length === keys.length && keys.length <= MAX_KEYS)
    return { name: parsed.data, receiptKeys: right };
  throw new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: `${from} doesn't name a mesh`,
    value: line,
    rule: `a mesh's name (mesh- and 32 of 0-9, a-f), then the public keys of its receipts (U…), ${MAX_KEYS} at most`,
    action: "Take the line over as whoever keeps the mesh gave it: its coordinator's log has it.",
  });
}

/**
 * Keeps a mesh in the file; one of the same name is replaced, and every other line stays as it is. Throws `UserError` for a file
 * that isn't one of meshes: it may be somebody's own, named by mistake.
 */
export function trustMesh(path: string, mesh: TrustedMesh): void {
  const lines = readLines(path);
  const kept = lines.filter(({ mesh: known }) => known?.name !== mesh.name);
  if (lines.length > 0 && !lines.some((line) => line.mesh !== undefined))
    throw unusable(
      path,
      "it is one that `baton trust` made, or has a mesh in it: this one has other lines and none",
      "Name another file by BATON_MESHES_FILE; this one stays as it is.",
    );
  const added = [mesh.name, ...mesh.receiptKeys].join(" ");
  const text = [...kept.map(({ text: line }) => line), added, ""].join("\n");
  if (Buffer.byteLength(text) > MAX_BYTES)
    throw unusable(path, `it has ${MAX_BYTES} bytes at most`, "Take out what isn't used any more.");
  replace(path, text);
}

function replace(path: string, text: string): void {
  makeFolder(dirname(path));
  // Where a link stands it goes on leading to the file.
  const target = existsSync(path) ? realpathSync(path) : path;
  const partial = `${target}.${process.pid}.${randomBytes(4).toString("hex")}.new`;
  try {
    const file = openSync(partial, "wx", 0o600);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(partial, target);
  } finally {
    rmSync(partial, { force: true });
  }
}

function parseFile(path: string): TrustedMesh[] {
  return readLines(path).flatMap(({ mesh }) => (mesh ? [mesh] : []));
}

/** The file's lines as they are, each with the mesh that it names: a comment or an empty one names none. */
function readLines(path: string): { readonly text: string; readonly mesh?: TrustedMesh }[] {
  const text = readPrivately(path)?.trimEnd() ?? "";
  if (text === "") return [];
  return text.split(/\r?\n/).map((line, index) => {
    const words = line.trim();
    if (words === "" || words.startsWith("#")) return { text: line };
    return { text: line, mesh: parseMesh(words, `${path}:${index + 1}`) };
  });
}

/** What others can write says what they like: the rule is that for keys. */
function readPrivately(path: string): string | undefined {
  try {
    return readPrivateFile(path, { maxBytes: MAX_BYTES });
  } catch (error) {
    throw error instanceof UnsafeFile ? unusable(path, error.rule, error.action) : error;
  }
}

function unusable(path: string, rule: string, action: string): UserError {
  return new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: "the file with the meshes that you trust can't be used",
    value: path,
    rule,
    action,
  });
}
