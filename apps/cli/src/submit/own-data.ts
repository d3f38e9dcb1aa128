/** `universe[].csv: { path }`: prices of the user's own, stored as artifacts and named by digest in what is submitted. */
import { basename } from "node:path";

import { storeArtifact } from "@baton/client";
import type { SpecDocument } from "@baton/contracts";
import { type Artifacts, sha256Of } from "@baton/mesh";
import { quoted } from "@baton/text/printable";
import { type Fault, UserError } from "@baton/text/user-error";
import { z } from "zod";

import { readNamedFile } from "./named-file.ts";

const CSV = {
  what: "CSV",
  maxBytes: 50_000_000,
  limit: "50 MB per CSV",
  empty: "Name a CSV with a header and rows.",
};

const Universe = z.array(z.record(z.string(), z.unknown()));
/** What else is said about the file, such as its splits, goes on as it is. */
const NamedCsv = z.looseObject({ path: z.string(), sha256: z.undefined().optional() });
const Unnamed = z.union([
  z.string(),
  z.looseObject({ path: z.undefined().optional(), sha256: z.undefined().optional() }),
]);
/** As specifications take it: a longer or stranger name is left out. */
export const FileName = z.string().regex(/^[^\p{C}\p{Zl}\p{Zp}]{1,100}$/u);

/** A file that a specification names by path. */
export interface OwnFile {
  /** Of a CSV, its place in the universe; undefined for the strategy's source. */
  readonly index?: number;
  /** As the specification has it. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

/** A specification with digests in place of paths, the files that they are of, and what is wrong with how they are named. */
export interface PreparedSpec {
  readonly spec: SpecDocument;
  readonly files: readonly OwnFile[];
  readonly faults: readonly Fault[];
}

/** Stands for a file that can't be read, so that the rest of the specification can be looked at. */
export const NO_FILE = { sha256: "0".repeat(64), bytes: 1 };

/** Reads every CSV that the specification names by path. Paths are relative to the specification and stay in its folder. */
export async function prepareOwnData(spec: SpecDocument, file: string): Promise<PreparedSpec> {
  const universe = Universe.safeParse(spec["universe"]);
  if (!universe.success) return { spec, files: [], faults: [] };
  const files: OwnFile[] = [];
  const faults: Fault[] = [];
  const prepared: Record<string, unknown>[] = [];
  for (const [index, instrument] of universe.data.entries()) {
    const where = `universe[${index}].csv`;
    const named = NamedCsv.safeParse(instrument["csv"]);
    if (!named.success) {
      const unnamed = Unnamed.safeParse(instrument["csv"]).success;
      if (unnamed) faults.push({ where, rule: NAME_IT });
      prepared.push(unnamed ? { ...instrument, csv: NO_FILE } : instrument);
      continue;
    }
    const { path, ...said } = named.data;
    const read = await readNamedFile(path, file, CSV).catch(caught);
    if (read instanceof UserError) {
      faults.push(faultOf(`${where}.path`, path, read));
      prepared.push({ ...instrument, csv: { ...said, ...NO_FILE } });
      continue;
    }
    const sha256 = sha256Of(read);
    files.push({ index, path, bytes: read, sha256 });
    const name = FileName.safeParse(basename(path)).data;
    const stored = { ...(name !== undefined && { name }), sha256, bytes: read.length };
    prepared.push({ ...instrument, csv: { ...said, ...stored } });
  }
  return { spec: { ...spec, universe: prepared }, files, faults };
}

const NAME_IT =
  "csv: { path: prices.csv } names a file beside the specification (or sha256 and bytes one that is stored already)";

function caught(error: unknown): UserError {
  if (error instanceof UserError) return error;
  throw error;
}

export function faultOf(where: string, path: string, { details }: UserError): Fault {
  const { message, rule, action } = details;
  const full = rule === undefined ? message : `${message} (${rule})`;
  return { where, value: quoted(path), rule: full, action };
}

/** Stores the files; the same bytes again change nothing. */
export async function upload(files: readonly OwnFile[], artifacts: Artifacts): Promise<void> {
  for (const { bytes } of files) await storeArtifact(artifacts, bytes);
}
