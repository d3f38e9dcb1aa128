/**
 * Takes what was delivered out of a tree that anything may have been done to. Nothing runs there any more.
 *
 * V1: a file is what was opened, not what its name said before: regular, one link, never through a link, read once, hashed once.
 * V2: names are plain, no two alike but for capitals; number, size and depth are bounded.
 * V3: what was changed outside of what may be delivered is told by name, and then nothing is taken.
 */
import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, opendirSync, openSync, readSync } from "node:fs";
import { join } from "node:path";

import { assertOwnedPaths } from "@baton/gitops";
import { type DeliveredFile, StageFailure } from "@baton/lanekit";
import { quoted } from "@baton/text/printable";

const PLAIN = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/;
const MOST = {
  files: 50,
  bytes: 2 ** 20,
  allBytes: 4 * 2 ** 20,
  looked: 20_000,
  depth: 12,
} as const;
/** Of the agent alone; never looked at. */
const SCRATCH = "scratch";

/** What the tree began with, by path. */
type Given = Readonly<Record<string, string | Uint8Array>>;

/**
 * The files below `tree` that aren't as they were given. Throws a StageFailure: policy (E_SURFACE) for changes outside `surfaces`,
 * deterministic (E_DELIVERY) for what isn't a plain file.
 */
export function harvest(
  tree: string,
  { given, surfaces }: { readonly given: Given; readonly surfaces: readonly string[] },
): DeliveredFile[] {
  const found = look(tree);
  const digests = new Map(Object.entries(given).map(([path, bytes]) => [path, sha256(bytes)]));
  const changed = found.filter(({ path, kind }) => {
    const before = digests.get(path);
    return kind !== "file" || before === undefined || read(tree, path)?.sha256 !== before;
  });
  const names = new Set(found.map(({ path }) => path));
  const gone = [...digests.keys()].filter((path) => !names.has(path));
  assertOwnedPaths([...changed.map(({ path }) => path), ...gone].toSorted(), surfaces);
  for (const { path, kind } of changed) if (kind !== "file") throw unfit(path, KINDS[kind]);
  if (changed.length > MOST.files)
    throw unfit(undefined, `it has ${changed.length} files, at most ${MOST.files} are taken`);
  const files = changed.map(({ path }) => taken(tree, path));
  const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
  if (bytes > MOST.allBytes)
    throw unfit(undefined, `it has ${bytes} bytes, at most ${MOST.allBytes} are taken`);
  requireDifferentNames(files);
  return files;
}

type Kind = "file" | "link" | "folder" | "other" | "name";
interface Found {
  readonly path: string;
  readonly kind: Kind;
}

const KINDS: Readonly<Record<Exclude<Kind, "file">, string>> = {
  link: "is a symbolic link",
  folder: "is deeper than anything is looked for",
  other: "is neither a file nor a folder",
  name: "isn't a plain name: A-Z a-z 0-9 . _ - are, 100 at most, a letter, digit or _ first",
};

/** All that is there but folders, by path. */
function look(tree: string): Found[] {
  const found: Found[] = [];
  const folders = [""];
  let looked = 0;
  for (const folder of folders) {
    const open = openFolder(tree, folder);
    if (open === undefined) {
      found.push({ path: folder, kind: "other" });
      continue;
    }
    try {
      for (let entry = open.readSync(); entry; entry = open.readSync()) {
        looked += 1;
        if (looked > MOST.looked)
          throw unfit(undefined, `the tree has more than ${MOST.looked} names in it`);
        const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
        if (path === SCRATCH && entry.isDirectory()) continue;
        const isPlain = PLAIN.test(entry.name);
        const isDeep = path.split("/").length > MOST.depth;
        if (entry.isDirectory() && isPlain && !isDeep) folders.push(path);
        else if (entry.isDirectory()) found.push({ path, kind: isPlain ? "folder" : "name" });
        else if (entry.isSymbolicLink()) found.push({ path, kind: "link" });
        else if (!entry.isFile()) found.push({ path, kind: "other" });
        else found.push({ path, kind: isPlain ? "file" : "name" });
      }
    } finally {
      open.closeSync();
    }
  }
  return found;
}

function openFolder(tree: string, folder: string) {
  try {
    return opendirSync(join(tree, folder));
  } catch {
    return undefined;
  }
}

function taken(tree: string, path: string): DeliveredFile {
  const file = read(tree, path);
  if (file === undefined)
    throw unfit(
      path,
      `can't be taken: a file of its own, with one name, of ${MOST.bytes} bytes at most`,
    );
  return { path, ...file };
}

/** Undefined for what isn't a regular file with one link and of bounded size, or can't be read. */
function read(tree: string, path: string): Omit<DeliveredFile, "path"> | undefined {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  let file: number;
  try {
    file = openSync(join(tree, path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile() || stat.nlink !== 1 || stat.size > MOST.bytes) return undefined;
    const bytes = Buffer.alloc(stat.size);
    let length = 0;
    for (let got = -1; got !== 0 && length < bytes.length; length += got)
      got = readSync(file, bytes, length, bytes.length - length, length);
    return length === bytes.length ? { bytes, sha256: sha256(bytes) } : undefined;
  } finally {
    closeSync(file);
  }
}

function requireDifferentNames(files: readonly DeliveredFile[]): void {
  const seen = new Map<string, string>();
  for (const { path } of files) {
    const twin = seen.get(path.toLowerCase());
    if (twin !== undefined) throw unfit(path, `differs from ${quoted(twin, 80)} by capitals only`);
    seen.set(path.toLowerCase(), path);
  }
}

function unfit(path: string | undefined, why: string): StageFailure {
  const what = path === undefined ? "the delivery" : quoted(path, 80);
  return new StageFailure({
    class: "deterministic",
    code: "E_DELIVERY",
    message: `${what}: ${why}`,
    action:
      "Nothing of it was taken. See what the program did (`baton logs ID`), then `baton resume ID --why …` to have it done again.",
  });
}

function sha256(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
