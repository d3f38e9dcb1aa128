/** `baton explain ID` */
import { LANES, STREAMS } from "@baton/contracts";

import { candidateIdFrom } from "../arguments.ts";
import { lastControls } from "../controls/read-controls.ts";
import type { Globals } from "../globals.ts";
import { readLast } from "../journal/read-candidate.ts";
import { print } from "../output.ts";
import { printable } from "../printable.ts";
import { openSession, type Session } from "../session.ts";
import { explanationOf, type LaneState } from "./explanation.ts";
import { needsControls, underControls } from "./under-controls.ts";

/** Prints why, and what to do. */
export async function explain(id: string, globals: Globals): Promise<void> {
  const candidateId = candidateIdFrom(id);
  await using session = await openSession(globals);
  const last = await readLast(session, candidateId);
  const lane = LANES.find((one) => one === last.entry.holder);
  const state = lane === undefined ? undefined : await laneState(session, lane);
  const { entry } = last;
  const controls = needsControls(entry) ? await lastControls(session) : undefined;
  const now = Date.now();
  const explanation = underControls(explanationOf(last, state, now), entry, {
    controls: controls?.controls,
    now,
  });
  await print(
    globals.format,
    explanation,
    ({ sentence, action }) => `${printable(sentence)}\nDo: ${printable(action)}\n`,
  );
}

async function laneState({ jsm }: Session, lane: string): Promise<LaneState | undefined> {
  // Without the consumer nothing can be said; `doctor` is the one to complain.
  const info = await jsm.consumers.info(STREAMS.journal.name, lane).catch(() => undefined);
  if (!info) return undefined;
  return {
    waiting: info.num_waiting,
    inFlight: info.num_ack_pending,
    deliveredThrough: info.delivered.stream_seq,
  };
}
