/** `universe[].csv: { path }`: prices of the user's own, stored as artifacts and named by digest in what is submitted. */
import { dirname, isAbsolute, resolve } from "node:path";

import type { SpecDocument } from "@baton/contracts";
import { type Artifacts, sha256Of } from "@baton/mesh";
import { z } from "zod";

import { CliError, EXIT } from "../cli-error.ts";
import { isInside, OutsideFolder, readInput } from "./read-input.ts";

/** Largest CSV: 50 MB. */
const MAX_CSV_BYTES = 50_000_000;
const SILENT_MS = 10_000;

const Universe = z.array(z.record(z.string(), z.unknown()));
/** What else is said about the file, such as its splits, goes on as it is. */
const NamedCsv = z.looseObject({ path: z.string(), sha256: z.undefined().optional() });

/** A specification with digests in place of paths, and the files that they are of. */
export interface PreparedSpec {
  readonly spec: SpecDocument;
  readonly uploads: readonly Uint8Array[];
}

/** Reads every CSV that the specification names by path. Paths are relative to the specification and stay in its folder. */
export async function prepareOwnData(spec: SpecDocument, file: string): Promise<PreparedSpec> {
  const universe = Universe.safeParse(spec["universe"]);
  if (!universe.success) return { spec, uploads: [] };
  const uploads: Uint8Array[] = [];
  const prepared: Record<string, unknown>[] = [];
  for (const [index, instrument] of universe.data.entries()) {
    const named = NamedCsv.safeParse(instrument["csv"]);
    if (!named.success) {
      prepared.push(instrument);
      continue;
    }
    const { path, ...said } = named.data;
    const bytes = await readCsv(path, file, `universe[${index}].csv.path`);
    uploads.push(bytes);
    const stored = { sha256: sha256Of(bytes), bytes: bytes.length };
    prepared.push({ ...instrument, csv: { ...said, ...stored } });
  }
  return { spec: { ...spec, universe: prepared }, uploads };
}

/** Stores the files; the same bytes again change nothing. */
export async function upload(files: readonly Uint8Array[], artifacts: Artifacts): Promise<void> {
  for (const bytes of files) await artifacts.put(bytes);
}

async function readCsv(path: string, file: string, where: string): Promise<Uint8Array> {
  const folder = file === "-" ? process.cwd() : dirname(resolve(file));
  const full = resolve(folder, path);
  if (path === "" || isAbsolute(path) || path.includes("\\") || !isInside(folder, full))
    throw outside(where, path);
  // A specification from elsewhere must not send files of this machine by way of a link either.
  const bytes = await readInput(full, {
    maxBytes: MAX_CSV_BYTES,
    limit: "50 MB per CSV",
    silentMs: SILENT_MS,
    within: folder,
  }).catch((error: unknown) => {
    throw error instanceof OutsideFolder ? outside(where, path) : error;
  });
  if (bytes.length > 0) return bytes;
  throw new CliError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: `${where}: the file is empty`,
    value: path,
    action: "Name a CSV with a header and rows.",
  });
}

function outside(where: string, path: string): CliError {
  return new CliError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: `${where} leaves the specification's folder`,
    value: path,
    rule: "a relative path with '/', in the folder of the specification or below it",
    action: "Put the CSV beside the specification.",
  });
}
