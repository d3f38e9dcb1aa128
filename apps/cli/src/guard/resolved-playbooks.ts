/**
 * Playbooks that were checked and resolved before, beside Node's own cache of compiled code: a guard that has seen a file
 * needn't load a YAML parser and schemas again.
 *
 * R1: found only by the digest of the file's whole text and of the code that resolves it: another byte of either is a miss.
 * R2: a torn or altered file is a miss: it begins with the digest of the rest. So is one that somebody else could have written.
 * R3: it is a cache: what is missing, unreadable or can't be written is never an error.
 */
import { hash } from "node:crypto";
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { makeFolder, readOwnFile } from "@baton/files";
import type { Playbook, StageRule } from "@baton/playbook/rules";

const FOLDER = join(import.meta.dirname, "../../../../.baton/cache/playbooks");
/** Files that are kept; with one more all are dropped. */
const MAX_FILES = 64;
/** Largest that is read: a playbook's text has a million characters at most. */
const MAX_BYTES = 16_000_000;

/** A playbook file's content. */
export interface PlaybookText {
  readonly text: string;
  /** Read as JSON, not as YAML. */
  readonly isJson: boolean;
}

/** The playbook that this text resolves to; undefined if it wasn't seen, or not by this code. */
export function findResolved(of: PlaybookText, folder = FOLDER): Playbook | undefined {
  try {
    const [digest, json = ""] = readOwnFile(fileOf(of, folder), { maxBytes: MAX_BYTES })
      .toString("utf8")
      .split("\n");
    if (digest !== hash("sha256", json, "hex")) return undefined;
    const { stages, ...rest }: Stored = JSON.parse(json);
    return { ...rest, stages: new Map(stages) };
  } catch {
    return undefined;
  }
}

/** Remembers what a text resolved to. */
export function keepResolved(of: PlaybookText, playbook: Playbook, folder = FOLDER): void {
  try {
    const file = fileOf(of, folder);
    makeFolder(folder);
    const kept = readdirSync(folder);
    if (kept.length >= MAX_FILES) for (const name of kept) rmSync(join(folder, name));
    const stored: Stored = { ...playbook, stages: [...playbook.stages] };
    const part = `${file}.${process.pid}`;
    const json = JSON.stringify(stored);
    writeFileSync(part, `${hash("sha256", json, "hex")}\n${json}`, { mode: 0o600 });
    renameSync(part, file);
  } catch {
    // R3
  }
}

type Stored = Omit<Playbook, "stages"> & {
  readonly stages: [string, StageRule][];
};

function fileOf({ text, isJson }: PlaybookText, folder: string): string {
  const parts = [codeVersion(), isJson ? "json" : "yaml", text];
  return join(folder, `${hash("sha256", parts.join("\0"), "hex")}.json`);
}

let version: string | undefined;

/** Digest of the code that resolves a playbook: a time or a size says too little about a file. */
function codeVersion(): string {
  if (version !== undefined) return version;
  const require = createRequire(import.meta.url);
  const core = dirname(require.resolve("@baton/playbook"));
  const others = ["contracts", "artifacts"].map((name) => join(core, "../..", name, "src"));
  const code = [core, ...others, import.meta.dirname]
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)),
    )
    .filter((file) => file.endsWith(".ts") && !/\.test|\/testing\//.test(file));
  const libraries = ["zod/package.json", "yaml/package.json"].map((name) => require.resolve(name));
  const sources = [...code.toSorted(), ...libraries].map((file) => readFileSync(file, "utf8"));
  version = hash("sha256", sources.join("\0"), "hex");
  return version;
}
