/** Whoever reads and doesn't find what should be there asks whether it is lost, before anybody says that it never was. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { lossText } from "@baton/contracts";
import { findLosses, type HistoryState, type KnownMarks, LogReset } from "@baton/mesh";
import { UserError, EXIT } from "@baton/text/user-error";

import { meshDirectory } from "../here/mesh-directory.ts";
import type { Session } from "../session/session.ts";
import { knownOutside } from "./known-outside.ts";

/** A session, or what reads of one. */
export type ReadingSession = Pick<Session, "nc" | "jsm"> & Partial<Pick<Session, "address">>;

/** What history is read with, and where something outside of the server may know of it. */
export interface HistorySession extends Pick<Session, "nc" | "jsm"> {
  readonly address?: { readonly up?: { readonly dataDir: string } | undefined };
}

/** What there is of the history, by all that is known here. Throws what the store throws. */
export async function historyOf(session: HistorySession): Promise<HistoryState> {
  return findLosses(session, await marksHere(session));
}

async function marksHere({ address }: HistorySession): Promise<readonly KnownMarks[]> {
  const root = address?.up?.dataDir;
  if (root === undefined) return [];
  const cacheDir = await mkdtemp(join(tmpdir(), "baton-marks-"));
  try {
    const repository = meshDirectory(root).gitops;
    return (await knownOutside(root, { repository, cacheDir })).known;
  } finally {
    await rm(cacheDir, { recursive: true, force: true });
  }
}

/** Throws `UserError` if history is lost: `what` isn't there, and nobody can say that it never was. */
export async function refuseLost(session: ReadingSession, what: string): Promise<void> {
  const { kind, losses, lossId } = await historyOf(session);
  if (kind !== "lost") return;
  const { code, action } = new LogReset(losses, lossId === undefined ? {} : { id: lossId });
  throw new UserError({
    code,
    exit: EXIT.unavailable,
    message: `${what}, and history is lost: ${losses.map(lossText).join("; ")}`,
    rule: "what isn't found in a history that is lost may have been there",
    action,
  });
}

/** What `read` gives; a stream that isn't there is a loss where something else shows that it was. */
export async function orLost<T>(session: ReadingSession, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (isAbsentStream(error)) await refuseLost(session, "what was asked for can't be read");
    throw error;
  }
}

const STREAM_NOT_FOUND = 10_059;

function isAbsentStream(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const isCode = "code" in error && error.code === STREAM_NOT_FOUND;
  return isCode || error.name === "StreamNotFoundError";
}
