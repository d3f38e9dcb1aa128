/** Tokens at the paper broker of one mesh, and the reader's: a file each, which only its owner may read. */
import { randomBytes } from "node:crypto";
import { linkSync, rmSync, writeFileSync } from "node:fs";

import type { MeshDirectory } from "@baton/client";
import { makeFolder } from "@baton/files";

/** Who has one; `operator` is for people, and for what they run. */
const BROKER_HOLDERS = ["paper-engine", "lane-e", "lane-f", "operator"] as const;

/** Makes those that aren't there; what is there stays. */
export function ensureTokens(
  directory: Pick<MeshDirectory, "keys" | "brokerTokenOf" | "readToken">,
): void {
  makeFolder(directory.keys);
  for (const holder of BROKER_HOLDERS) ensureToken(directory.brokerTokenOf(holder));
  ensureToken(directory.readToken);
}

/** A link fails where a name is taken: of two who make one at once both get the same. */
function ensureToken(file: string): void {
  const partial = `${file}.${process.pid}.new`;
  try {
    const token = randomBytes(32).toString("base64url");
    writeFileSync(partial, `${token}\n`, { mode: 0o600, flag: "wx", flush: true });
    linkSync(partial, file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    rmSync(partial, { force: true });
  }
}
