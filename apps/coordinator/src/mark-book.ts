/**
 * What is known of the mesh's history outside of its server: a file that this coordinator keeps, and what main of the GitOps
 * repository says.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { HISTORY_STREAMS, HistoryMarks } from "@baton/contracts";
import type { GitError } from "@baton/gitops";
import { type KnownMarks, readIfThere, writeDurably } from "@baton/mesh";
import { EXIT, StartFailure } from "@baton/service";

/** Where to look; both may be left out, which makes less noticed. */
export interface MarkSources {
  readonly file: string | undefined;
  readonly gitops: { readonly repository: string; readonly token: string | undefined } | undefined;
  readonly signal: AbortSignal;
}

/** The marks that are known. */
export interface MarkBook {
  known(): readonly KnownMarks[];
  /** Reads what main says; before that nothing of it is known. Answers why it couldn't be read, undefined if it was. */
  readMain(): Promise<Unread | undefined>;
  /** Keeps how far history has come, unless that is less than is known; it's on the disk when this resolves. */
  keep(marks: HistoryMarks): Promise<void>;
  /** Keeps these and leaves those of other streams as they are. */
  keepPart(marks: HistoryMarks): Promise<void>;
}

/** Why main can't be read. */
type Unread = Pick<GitError, "code" | "message" | "action">;

/** Opens the book, main unread. Throws `StartFailure` if the file has something else. */
export async function openMarkBook(sources: MarkSources): Promise<MarkBook> {
  let latest = await readOwn(sources.file);
  let main: HistoryMarks | undefined;
  const keep = async (marks: HistoryMarks): Promise<void> => {
    // What goes back is a loss: the mark that shows it must stay.
    if (latest && goesBack(latest, marks)) return;
    latest = marks;
    if (sources.file !== undefined) await writeDurably(sources.file, `${JSON.stringify(marks)}\n`);
  };
  return {
    readMain: async () => {
      const read = await readMain(sources);
      if (read instanceof Error) return read;
      main = read;
      return undefined;
    },
    keep,
    keepPart: (marks) =>
      keep({ ...latest, ...marks, streams: { ...latest?.streams, ...marks.streams } }),
    known: () => [
      ...(latest ? [{ by: "the mark in the data folder", marks: latest }] : []),
      ...(main ? [{ by: "main", marks: main }] : []),
    ],
  };
}

function goesBack(before: HistoryMarks, next: HistoryMarks): boolean {
  if (next.epoch !== before.epoch) return next.epoch < before.epoch;
  return HISTORY_STREAMS.some(
    (stream) => (next.streams[stream]?.sequence ?? 0) < (before.streams[stream]?.sequence ?? 0),
  );
}

async function readOwn(file: string | undefined): Promise<HistoryMarks | undefined> {
  const text = file === undefined ? undefined : await readIfThere(file);
  if (text === undefined) return undefined;
  try {
    return HistoryMarks.parse(JSON.parse(text));
  } catch (cause) {
    throw new StartFailure({
      code: "E_MARK",
      exitCode: EXIT.invalidInput,
      message: `BATON_MARK_FILE: ${file} doesn't say how far history had come: ${cause instanceof Error ? cause.message : ""}`,
      action:
        "Bring it back from a copy; remove it only if you know that nothing of the streams is lost.",
      cause,
    });
  }
}

async function readMain({
  gitops,
  signal,
}: MarkSources): Promise<HistoryMarks | undefined | GitError> {
  if (!gitops) return undefined;
  // Only for this look: a coordinator has nothing else to do with Git.
  const { GitError: Failed, readMarkOnMain } = await import("@baton/gitops");
  const cacheDir = await mkdtemp(join(tmpdir(), "baton-mark-"));
  try {
    return await readMarkOnMain({ ...gitops, cacheDir, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Failed) return error;
    throw error;
  } finally {
    await rm(cacheDir, { recursive: true, force: true });
  }
}
