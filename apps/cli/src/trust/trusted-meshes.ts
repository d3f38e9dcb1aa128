/**
 * The meshes that this user takes for what they say they are: name, and the keys that their receipts are signed with. What a
 * server says about itself isn't believed; somebody told the user, as with the host keys of ssh.
 *
 *     mesh-0f3c… UAXR… UB5T…      one a line; a mesh without a key signs no receipts (a mesh for tests)
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";

import { MeshName, PublicKey } from "@baton/contracts";
import { makeFolder } from "@baton/files";

import { CliError, EXIT } from "../cli-error.ts";
import { homeFolder } from "../file-failure.ts";
import type { ServerAddress } from "../server-address.ts";

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
 * that one's; else BATON_MESH, a line as in the file, goes before all of them: no other one counts then. Throws `CliError`.
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

/** What a line says. Throws `CliError` E_INVALID that names its place. */
export function parseMesh(line: string, from: string): TrustedMesh {
  const [name = "", ...keys] = line.trim().split(/\s+/);
  const parsed = MeshName.safeParse(name);
  const receiptKeys = keys.map((key) => PublicKey.safeParse(key).data);
  const right = receiptKeys.flatMap((key) => (key === undefined ? [] : [key]));
  if (parsed.success && right.length === keys.length && keys.length <= MAX_KEYS)
    return { name: parsed.data, receiptKeys: right };
  throw new CliError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: `${from} doesn't name a mesh`,
    value: line,
    rule: `a mesh's name (mesh- and 32 of 0-9, a-f), then the public keys of its receipts (U…), ${MAX_KEYS} at most`,
    action: "Take the line over as whoever keeps the mesh gave it: its coordinator's log has it.",
  });
}

/** Keeps a mesh; one of the same name is replaced. */
export function trustMesh(path: string, mesh: TrustedMesh): void {
  const others = parseFile(path).filter(({ name }) => name !== mesh.name);
  const lines = [...others, mesh].map(({ name, receiptKeys }) => [name, ...receiptKeys].join(" "));
  const partial = `${path}.${process.pid}.${randomBytes(4).toString("hex")}.new`;
  makeFolder(dirname(path));
  try {
    const file = openSync(partial, "wx", 0o600);
    try {
      writeSync(file, `${lines.join("\n")}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(partial, path);
  } finally {
    rmSync(partial, { force: true });
  }
}

function parseFile(path: string): TrustedMesh[] {
  const text = readOwnFile(path, MAX_BYTES);
  if (text === undefined) return [];
  if (typeof text !== "string") throw unusable(path, text.rule);
  return text
    .split(/\r?\n/)
    .map((line, index) => ({ line: line.trim(), place: `${path}:${index + 1}` }))
    .filter(({ line }) => line !== "" && !line.startsWith("#"))
    .map(({ line, place }) => parseMesh(line, place));
}

/**
 * The text of a file that is the user's own and that nobody else may write; undefined if there is none, else the rule that it
 * breaks: what others can write says what they like.
 */
export function readOwnFile(
  path: string,
  maxBytes: number,
): string | undefined | { readonly rule: string } {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    return { rule: code === "ELOOP" ? "it is no link" : `it can be read (${String(code)})` };
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile() || stat.size > maxBytes) return { rule: "it is a small regular file" };
    if (process.getuid !== undefined && stat.uid !== process.getuid())
      return { rule: "it belongs to the user who reads it" };
    if ((stat.mode & 0o022) !== 0) return { rule: "only its owner may write it: mode 0600" };
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}

function unusable(path: string, rule: string): CliError {
  return new CliError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: "the file with the meshes that you trust can't be used",
    value: path,
    rule,
    action: "Correct owner and mode if what it says is right; otherwise move it away.",
  });
}
