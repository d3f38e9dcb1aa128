/** `baton watch [ID]`: every move as it happens. */
import {
  candidateTextFrom,
  findCandidate,
  readLast,
  type Session,
  streamInfo,
} from "@baton/client";
import { type CandidateId, journalFence, STREAMS } from "@baton/contracts";
import { follow, parseControls, parseEntry } from "@baton/mesh";
import { type Format, interruptible, note, write } from "@baton/terminal";
import { controlJson, moveJson, renderControl, renderMove } from "@baton/views";

import { openCommandSession } from "../command-session.ts";
import type { Globals } from "../globals.ts";

/** Follows one candidate from where it stands until it is closed, or all of them from now on. */
export async function watch(id: string | undefined, globals: Globals): Promise<void> {
  const typed = id === undefined ? undefined : candidateTextFrom(id);
  await interruptible(
    () => "",
    async () => {
      await using session = await openCommandSession(globals);
      const candidateId = typed === undefined ? undefined : await findCandidate(session, typed);
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
  const [from, controlsFrom] = await Promise.all([
    startOf(session, candidateId),
    nextOf(session, "controls"),
  ]);
  const moves = follow(session, {
    stream: "journal",
    from,
    ...(candidateId !== undefined && { filter: journalFence(candidateId) }),
    signal: done.signal,
    onMessage: noting((message) => {
      const entry = parseEntry(message.data, message.seq);
      void write(render({ sequence: message.seq, entry }, message.time.toISOString()));
      if (candidateId !== undefined && entry.holder === "closed") done.abort();
    }),
  });
  const changes =
    controlsFrom === undefined
      ? undefined
      : followControls(session, { from: controlsFrom, format, signal: done.signal });
  await Promise.all([moves, changes]);
}

/** What holds for the whole mesh stops every candidate, so it's told whoever is watched. */
async function followControls(
  session: Session,
  { from, format, signal }: { from: number; format: Format; signal: AbortSignal },
): Promise<void> {
  const render = format === "table" ? renderControl : controlJson;
  await follow(session, {
    stream: "controls",
    from,
    signal,
    onMessage: noting(({ data, seq, time }) => {
      void write(render(parseControls(data, seq), time.toISOString()));
    }),
  });
}

type OnMessage = Parameters<typeof follow>[1]["onMessage"];

/** What can't be read is said, and the next one read. */
function noting(take: OnMessage): OnMessage {
  return (message) => {
    try {
      take(message);
    } catch (error) {
      note(error instanceof Error ? error.message : String(error));
    }
  };
}

/** The candidate's last entry, or what comes next. */
async function startOf(session: Session, candidateId: CandidateId | undefined): Promise<number> {
  if (candidateId !== undefined) return (await readLast(session, candidateId)).sequence;
  const { state } = await session.jsm.streams.info(STREAMS.journal.name);
  return state.last_seq + 1;
}

/** The sequence after a stream's last; undefined if there is no such stream, as on a mesh of before. */
async function nextOf(session: Session, stream: keyof typeof STREAMS): Promise<number | undefined> {
  const info = await streamInfo(session, STREAMS[stream].name);
  return info && info.state.last_seq + 1;
}
