/** `baton artifacts put FILE…`: stores copies of artifacts again, such as those that `baton doctor --deep` misses. */
import { storeArtifact } from "@baton/client";
import { MAX_ARTIFACT_BYTES } from "@baton/contracts";
import { ArtifactAltered, type Artifacts, sha256Of } from "@baton/mesh";
import { print } from "@baton/terminal";

import { openCommandSession } from "../command-session.ts";
import type { Globals } from "../globals.ts";
import { folderOf, readInput } from "../submit/read-input.ts";

/** A file by its content: `restored` if only other bytes were stored under its digest, `there` if nothing had to be done. */
interface Put {
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly outcome: "there" | "restored" | "stored";
}

const SILENT_MS = 10_000;

/** Stores each file under its digest. Whatever names that digest can be read again; nothing else changes. */
export async function putArtifacts(files: readonly string[], globals: Globals): Promise<void> {
  // All are read before any is stored: a wrong name changes nothing.
  const read: { file: string; bytes: Uint8Array }[] = [];
  for (const file of files) {
    const limits = {
      maxBytes: MAX_ARTIFACT_BYTES,
      limit: "64 MiB per artifact",
      silentMs: SILENT_MS,
      within: folderOf(file),
    };
    read.push({ file, bytes: await readInput(file, limits) });
  }
  await using session = await openCommandSession(globals);
  const done: Put[] = [];
  for (const { file, bytes } of read) done.push(await put(session.artifacts, file, bytes));
  await print(globals.format, done, (list) =>
    list.map((one) => `${one.sha256}  ${one.file}  ${WORDS[one.outcome]}\n`).join(""),
  );
}

const WORDS: Readonly<Record<Put["outcome"], string>> = {
  there: "was stored as it is",
  restored: "restored: only other bytes were stored under its digest",
  stored: "stored",
};

async function put(artifacts: Artifacts, file: string, bytes: Uint8Array): Promise<Put> {
  const sha256 = sha256Of(bytes);
  const before = await artifacts.get(sha256).then(
    (found) => (found ? "there" : "stored"),
    (error: unknown) => {
      if (error instanceof ArtifactAltered) return "restored" as const;
      throw error;
    },
  );
  if (before !== "there") await storeArtifact(artifacts, bytes);
  return { file, sha256, bytes: bytes.length, outcome: before };
}
