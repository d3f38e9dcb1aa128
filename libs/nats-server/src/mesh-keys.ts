/** The keys of one mesh on this machine: a seed per kind of process, each in a file that only its owner may read. */
import { closeSync, fsyncSync, linkSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

import { makeFolder, readPrivateFile } from "@baton/files";
import { type Kind, KINDS } from "@baton/mesh";
import { createUser, fromSeed } from "@nats-io/nkeys";
import { z } from "zod";

import { messageOf, NatsServerError, shown } from "./nats-server-error.ts";
import type { PublicKeys } from "./render-access.ts";

/** Where the seeds are, and what the server is told about them. */
export interface MeshKeys {
  /** The file with a kind's seed. */
  seedFileOf(this: void, kind: Kind): string;
  readonly publicKeys: PublicKeys;
}

/** A seed and a line break have 59. */
const MAX_BYTES = 4096;

const Complete = z.record(z.enum(KINDS), z.array(z.string()));

/** The keys in a folder; makes those that aren't there. Throws `NatsServerError` for a file that can't be used. */
export function ensureMeshKeys(folder: string): MeshKeys {
  const seedFileOf = (kind: Kind): string => join(folder, `${kind}.seed`);
  try {
    makeFolder(folder);
    const keys = KINDS.map((kind) => [kind, [publicKeyIn(seedFileOf(kind))]] as const);
    return { seedFileOf, publicKeys: Complete.parse(Object.fromEntries(keys)) };
  } catch (cause) {
    throw new NatsServerError({
      code: "E_NATS_SERVER",
      message: `the mesh's keys in ${shown(folder)} can't be used: ${messageOf(cause)}`,
      action: "correct owner and mode of the folder, or remove the file: a new key is made",
      cause,
    });
  }
}

function publicKeyIn(file: string): string {
  let seed = readSeed(file);
  if (seed === undefined) {
    writeSeed(file);
    seed = readSeed(file);
  }
  try {
    return fromSeed(new TextEncoder().encode(seed)).getPublicKey();
  } catch (cause) {
    throw new Error(`${file} holds no nkey user seed`, { cause });
  }
}

function readSeed(file: string): string | undefined {
  return readPrivateFile(file, { maxBytes: MAX_BYTES })?.trim();
}

/** A link fails where a name is taken: of two who make a key at once both get the same. */
function writeSeed(file: string): void {
  const partial = `${file}.${process.pid}.new`;
  try {
    const written = openSync(partial, "wx", 0o600);
    try {
      writeSync(written, `${new TextDecoder().decode(createUser().getSeed())}\n`);
      fsyncSync(written);
    } finally {
      closeSync(written);
    }
    linkSync(partial, file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    rmSync(partial, { force: true });
  }
}
