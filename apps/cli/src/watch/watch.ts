/** `baton watch [ID]`: every move as it happens. */
import { type CandidateId, journalFence, STREAMS } from "@baton/contracts";
import { follow, parseEntry } from "@baton/mesh";

import { candidateIdFrom } from "../arguments.ts";
import type { Globals } from "../globals.ts";
import { interruptible } from "../interrupt.ts";
import { readLast } from "../journal/read-candidate.ts";
import { note, write } from "../output.ts";
import { openSession, type Session } from "../session.ts";
import { moveJson, renderMove } from "./render-move.ts";

/** Follows one candidate from where it stands until it is closed, or all of them from now on. */
export async function watch(id: string | undefined, globals: Globals): Promise<void> {
  const candidateId = id === undefined ? undefined : candidateIdFrom(id);
  await interruptible(
    () => "",
    async () => {
      await using session = await openSession(globals);
      await followMoves(session, candidateId, globals);
    },
  );
}

async function followMoves(
  session: Session,
  candidateId: CandidateId | undefined,
  { format }: Globals,
): Promise<void> {
  const render = format === "table" ? renderMove : moveJson;
  const done = new AbortController();
  await follow(session, {
    stream: "journal",
    from: await startOf(session, candidateId),
    ...(candidateId !== undefined && { filter: journalFence(candidateId) }),
    signal: done.signal,
    onMessage: (message) => {
      try {
        const entry = parseEntry(message.data, message.seq);
        void write(render({ sequence: message.seq, entry }, message.time));
        if (candidateId !== undefined && entry.holder === "closed") done.abort();
      } catch (error) {
        note(error instanceof Error ? error.message : String(error));
      }
    },
  });
}

/** The candidate's last entry, or what comes next. */
async function startOf(session: Session, candidateId: CandidateId | undefined): Promise<number> {
  if (candidateId !== undefined) return (await readLast(session, candidateId)).sequence;
  const { state } = await session.jsm.streams.info(STREAMS.journal.name);
  return state.last_seq + 1;
}
