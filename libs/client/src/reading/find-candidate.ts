/** A candidate by what a person typed: its id, or the beginning of one that no other has. */
import { CandidateId, journalFence, STREAMS } from "@baton/contracts";
import { counted } from "@baton/text/counted";
import { UserError, EXIT } from "@baton/text/user-error";
import { ageText } from "@baton/views";

import { candidateIdFrom } from "../people/arguments.ts";
import type { Session } from "../session/session.ts";
import { unknownCandidate } from "./read-candidate.ts";
import { readStandings } from "./read-model.ts";
import { hindranceOf, readUndecided } from "./read-undecided.ts";
import { orLost, type ReadingSession, refuseLost } from "./refuse-lost.ts";

/** So many are named where several fit. */
const MOST_NAMED = 5;

/**
 * The candidate that was meant by what `candidateTextFrom` let through. A whole id wins over longer ones that begin with it.
 * Throws `UserError`: not known, or the beginning of several (E_CONFLICT).
 */
export async function findCandidate(session: ReadingSession, typed: string): Promise<CandidateId> {
  const whole = CandidateId.safeParse(typed).data;
  if (whole !== undefined && (await orLost(session, () => isKnown(session, whole)))) return whole;
  const { candidates } = await readStandings(session);
  const ids = candidates.map(({ candidateId }) => candidateId);
  if (!ids.some((id) => id.startsWith(typed))) await refuseUnheard(session, typed);
  return onlyOne(typed, ids);
}

/** Throws `UserError` where it isn't in the journal for another reason than that nobody submitted it: lost, or not decided on yet. */
async function refuseUnheard(session: ReadingSession, typed: string): Promise<void> {
  const { address } = session;
  await refuseLost(session, `no entry of ${typed} is there`);
  const undecided = await readUndecided(session);
  const submit = undecided.find(
    ({ candidateId, type }) => type === "submit" && candidateId.startsWith(typed),
  );
  if (!submit) return;
  const hindrance = address && (await hindranceOf({ ...session, address }));
  const before = undecided.filter(({ sequence }) => sequence < submit.sequence).length;
  const why =
    hindrance?.found ??
    `${counted(before, "command before it waits", "commands before it wait")}, too`;
  const { candidateId, sequence, time, by } = submit;
  throw new UserError({
    code: "E_UNAVAILABLE",
    exit: EXIT.unavailable,
    message: `${candidateId} waits to be accepted: its submission${by === null ? "" : ` by ${by}`} is stored as COMMANDS ${sequence} since ${time} (${ageText(Date.now() - Date.parse(time))}) and nobody has decided on it: ${why}`,
    rule: "what is stored is decided as soon as a coordinator can; sending it again changes nothing",
    action: hindrance?.action ?? "Wait a moment, then ask again.",
  });
}

async function isKnown({ jsm }: Pick<Session, "jsm">, candidateId: CandidateId): Promise<boolean> {
  const last_by_subj = journalFence(candidateId);
  return (await jsm.streams.getMessage(STREAMS.journal.name, { last_by_subj })) !== null;
}

/** The one id that begins so. Throws `UserError` if there is none or more than one. */
export function onlyOne(typed: string, ids: readonly string[]): CandidateId {
  const fitting = ids.filter((id) => id.startsWith(typed)).toSorted();
  const [first, ...others] = fitting;
  if (first === undefined) throw unknownCandidate(typed);
  if (others.length === 0) return candidateIdFrom(first);
  const more = fitting.length > MOST_NAMED ? `, and ${fitting.length - MOST_NAMED} more` : "";
  throw new UserError({
    code: "E_CONFLICT",
    exit: EXIT.conflict,
    message: `${fitting.length} candidates begin so: ${fitting.slice(0, MOST_NAMED).join(", ")}${more}`,
    value: typed,
    rule: "the beginning of an id stands for it where no other begins so",
    action: "Type more of it.",
  });
}
