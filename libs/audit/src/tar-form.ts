/** The one form that a pack's tar has, and reading a tar that may be anything. */
import { extract, pack } from "tar-stream";

import { type AuditFault, fault, shown } from "./audit-fault.ts";
import {
  MANIFEST_PATH,
  MAX_PACK_BYTES,
  MAX_PACK_FILES,
  PackPath,
  SIGNATURE_PATH,
} from "./pack-manifest.ts";

const FIRST = [MANIFEST_PATH, SIGNATURE_PATH];

function inOrder(a: string, b: string): number {
  const rank = (path: string) => (FIRST.includes(path) ? FIRST.indexOf(path) : FIRST.length);
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

/** The tar of these files: manifest and signature first, the rest by path; the same files always give the same bytes. */
export async function writeTar(files: ReadonlyMap<string, Uint8Array>): Promise<Uint8Array> {
  const tar = pack();
  for (const [path, bytes] of [...files].toSorted(([a], [b]) => inOrder(a, b))) {
    const header = { name: path, size: bytes.length, mode: 0o644, mtime: new Date(0) };
    tar.entry({ ...header, uid: 0, gid: 0, type: "file" }, Buffer.from(bytes));
  }
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** What a tar holds. With faults, `files` is what could be read without them. */
export interface TarContent {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly faults: readonly AuditFault[];
}

/** Reads a tar from memory; never throws, never writes anywhere, stops at the limits of a pack. */
export async function readTar(bytes: Uint8Array): Promise<TarContent> {
  const files = new Map<string, Uint8Array>();
  const faults: AuditFault[] = [];
  const folded = new Set<string>();
  const tar = extract();
  try {
    tar.end(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    for await (const entry of tar) {
      const { name, type, size = 0 } = entry.header;
      const wrong = entryFault({ name, type, size, folded });
      if (wrong) faults.push(wrong);
      if (wrong?.code === "E_PACK_LIMIT") break;
      const chunks: Uint8Array[] = [];
      for await (const chunk of entry) if (!wrong) chunks.push(chunk);
      if (!wrong) files.set(name, Buffer.concat(chunks));
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    // What began as a pack and doesn't end as one was changed or cut.
    const code = files.size > 0 ? "E_PACK_ALTERED" : "E_PACK_UNREADABLE";
    faults.push(fault(code, `not a whole tar: ${shown(why)}`));
  } finally {
    tar.destroy();
  }
  return { files, faults };
}

function entryFault(entry: {
  name: string;
  type: string | null | undefined;
  size: number;
  folded: Set<string>;
}): AuditFault | undefined {
  const { name, type, size, folded } = entry;
  if (folded.size >= MAX_PACK_FILES + FIRST.length)
    return fault("E_PACK_LIMIT", `more than ${MAX_PACK_FILES} files`);
  if (size > MAX_PACK_BYTES)
    return fault("E_PACK_LIMIT", `${shown(name)} is larger than a pack may be`);
  if (type !== "file")
    return fault("E_PACK_ENTRY", `${shown(name)} is a ${type ?? "nothing known"}, not a file`);
  if (!PackPath.safeParse(name).success)
    return fault("E_PACK_ENTRY", `${shown(name)} is no path that a pack has`);
  // On some systems names that differ in case only are one file.
  if (folded.has(name.toLowerCase())) return fault("E_PACK_ENTRY", `${shown(name)} is there twice`);
  folded.add(name.toLowerCase());
  return undefined;
}
