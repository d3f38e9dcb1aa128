/** What is known of a mesh's history outside of its server, where `baton up` runs it here: the mark in the data folder, and main. */
import { HistoryMarks } from "@baton/contracts";
import { readMarkOnMain, type Remote } from "@baton/gitops";
import { type KnownMarks, readIfThere } from "@baton/mesh";

import { meshDirectory } from "../here/mesh-directory.ts";

/** Somebody who may know and can't be asked. */
export interface Unread {
  readonly by: string;
  readonly why: string;
  readonly where: string;
}

/** All marks that can be read, and who couldn't be asked. */
export async function knownOutside(
  root: string,
  remote: Remote,
): Promise<{ readonly known: readonly KnownMarks[]; readonly unread: readonly Unread[] }> {
  const known: KnownMarks[] = [];
  const unread: Unread[] = [];
  const { mark } = meshDirectory(root);
  const sources: readonly [
    by: string,
    of: () => Promise<HistoryMarks | undefined>,
    where: string,
  ][] = [
    ["the mark in the data folder", () => readOwnMark(mark), mark],
    ["main", () => readMarkOnMain(remote), remote.repository],
  ];
  for (const [by, of, where] of sources) {
    try {
      const marks = await of();
      if (marks) known.push({ by, marks });
    } catch (error) {
      unread.push({ by, why: error instanceof Error ? error.message : String(error), where });
    }
  }
  return { known, unread };
}

async function readOwnMark(file: string): Promise<HistoryMarks | undefined> {
  const text = await readIfThere(file);
  return text === undefined ? undefined : HistoryMarks.parse(JSON.parse(text));
}
