/** `baton explain ID` */
import {
  candidateTextFrom,
  type ConsumerNumbers,
  findCandidate,
  findObstacles,
  lastControls,
  readLast,
  type Session,
  withObstacles,
} from "@baton/client";
import { LANES, STREAMS } from "@baton/contracts";
import { print } from "@baton/terminal";
import { printable } from "@baton/text/printable";
import { UserError, EXIT } from "@baton/text/user-error";
import {
  type Explanation,
  explanationOf,
  type LaneState,
  needsControls,
  underControls,
} from "@baton/views";

import { openCommandSession } from "../command-session.ts";
import type { Globals } from "../globals.ts";
import { runbookOf } from "../reasons/runbook.ts";

interface Explained extends Explanation {
  /** Where to read on about the reason. */
  readonly runbook: string;
}

/** A code, typed where a candidate belongs: it is told apart, as no candidate has capitals. */
const CODE = /^[A-Z]{3,}(?:_[A-Z]+)*$/;

function textOfCandidate(typed: string): string {
  if (!CODE.test(typed)) return candidateTextFrom(typed);
  throw new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: "candidateId isn't valid: this looks like a reason code",
    value: typed,
    action: `\`baton reasons ${typed}\` prints its page.`,
  });
}

/** Prints why, what to do, and where to read on. */
export async function explain(id: string, globals: Globals): Promise<void> {
  const typed = textOfCandidate(id);
  await using session = await openCommandSession(globals);
  const candidateId = await findCandidate(session, typed);
  const last = await readLast(session, candidateId);
  const { entry } = last;
  const now = Date.now();
  const consumer = await laneConsumer(session, entry.holder);
  const controls = needsControls(entry) ? await lastControls(session) : undefined;
  const said = underControls(explanationOf(last, consumer && stateOf(consumer), now), entry, {
    controls: controls?.controls,
    now,
  });
  const explanation = withObstacles(said, await findObstacles(session, last, { consumer, now }));
  const explained = { ...explanation, runbook: runbookOf(entry.reason) };
  await print(globals.format, explained, renderExplanation);
}

function renderExplanation({ sentence, action, who, reason, runbook }: Explained): string {
  const lines = [
    printable(sentence),
    `Do: ${printable(action)}`,
    ...(who === null ? [] : [`Who: ${printable(who)}`]),
    `More: baton reasons ${reason} (${runbook})`,
  ];
  return `${lines.join("\n")}\n`;
}

/** Without the consumer nothing can be said; `doctor` is the one to complain. */
async function laneConsumer(
  { jsm }: Session,
  holder: string,
): Promise<ConsumerNumbers | undefined> {
  if (!LANES.some((lane) => lane === holder)) return undefined;
  return jsm.consumers.info(STREAMS.journal.name, holder).catch(() => undefined);
}

function stateOf(info: ConsumerNumbers): LaneState {
  return {
    waiting: info.num_waiting,
    inFlight: info.num_ack_pending,
    deliveredThrough: info.delivered.stream_seq,
  };
}
