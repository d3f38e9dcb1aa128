/** Why a candidate stands where it stands, in one sentence, and the one thing to do. Pure: what was read comes in. */
import {
  type Approval,
  awaitedDispatch,
  type Entry,
  isDispatch,
  reasonText,
  type StoredEntry,
} from "@baton/contracts";
import {
  approvalQuestion,
  approvalState,
  instantMs,
  instantOf,
  type ApprovalState,
  waitsForWorkers,
} from "@baton/playbook";

import { adviceOn, limitedAnswers } from "../words/advice.ts";
import { answerText } from "../words/answer-text.ts";
import { particularsOf } from "../words/particulars.ts";
import { inTerminal, type Phrase } from "../words/phrase.ts";
import { ageText } from "../words/time-text.ts";

/** What the server says about the lane that has the baton. */
export interface LaneState {
  /** Pulls that wait for work: above 0 if a process of the lane runs and has room. */
  readonly waiting: number;
  /** Dispatches delivered and not yet answered. */
  readonly inFlight: number;
  /** Highest journal sequence that was delivered. */
  readonly deliveredThrough: number;
}

/** The answer. */
export interface Explanation {
  readonly candidateId: string;
  readonly holder: string;
  readonly stage: string;
  readonly reason: string;
  readonly sentence: string;
  readonly action: string;
  /** Who may give the answer that the action names; null where it names none, or anybody may. */
  readonly who: string | null;
}

/** Explains a candidate's last entry; `lane` is undefined where no lane has it, `now` in milliseconds since 1970. */
export function explanationOf(
  last: StoredEntry & { readonly storedAt: number },
  lane: LaneState | undefined,
  now: number,
): Explanation {
  const { entry, storedAt } = last;
  const { candidateId, holder, stage, reason } = entry;
  const since = ageText(now - storedAt);
  const said = { candidateId, holder, stage, reason, who: null };
  const { meaning, action } = reasonText(reason);
  if (holder === "closed") {
    return {
      ...said,
      sentence: `${candidateId} is closed (${reason}) since ${since}: ${particularsOf(entry)}`,
      action: inTerminal(adviceOn(entry)),
    };
  }
  if (holder === "review") {
    const sentence = `${candidateId} waits for a person since ${since}, at ${stage} (${reason}): ${approvalText(entry, now) ?? particularsOf(entry)}`;
    const advice = adviceOn(entry);
    return { ...said, sentence, action: inTerminal(advice), who: whoMay(advice, entry, now) };
  }
  const away = lane !== undefined && lane.waiting === 0 && lane.inFlight === 0;
  if (away) {
    const sentence = `${candidateId} waits for ${holder} to start on ${stage} since ${since}, but no process of ${holder} runs.`;
    return {
      ...said,
      sentence,
      action: `Start ${holder}; \`baton doctor\` shows what else is missing.`,
    };
  }
  const where = whereabouts(last, lane);
  const due = entry.deadline === null ? "" : `; due ${untilText(entry.deadline, now)}`;
  const why = reason === "RETRY_BACKOFF" || reason === "INCIDENT" ? particularsOf(entry) : meaning;
  const sentence = `${candidateId} ${where} ${stage} since ${since} (${reason})${due}: ${why}`;
  return { ...said, sentence, action };
}

function whereabouts(last: StoredEntry, lane: LaneState | undefined): string {
  const { entry } = last;
  if (waitsForWorkers(entry)) return `waits until somebody works for ${entry.holder}, for`;
  if (entry.reason === "RETRY_BACKOFF") return `is with ${entry.holder} for another attempt at`;
  const dispatch = awaitedDispatch(last) ?? last.sequence;
  const started = lane === undefined || lane.deliveredThrough >= dispatch;
  if (!isDispatch(entry) || started) return `is with ${entry.holder}, working on`;
  return `is queued for ${entry.holder}, which is busy with ${lane.inFlight} others, for`;
}

/** How far an approval has come by `now`, which the entry doesn't know; undefined where nobody has given one. */
function approvalText(entry: Entry, now: number): string | undefined {
  const instant = instantOf(now);
  const given = (state: ApprovalState): Approval[] =>
    entry.approvals.filter((one) => approvalState(one, entry, instant) === state);
  const [counting, expired] = [given("counts"), given("expired")];
  const question = approvalQuestion(entry);
  if (!question || counting.length + expired.length === 0) return undefined;
  const people = question.answers?.find(({ command }) => command === "approve")?.people ?? 1;
  const missing = people - counting.length;
  const until = ({ by, expires }: Approval): string =>
    expires === undefined ? by : `${by} (until ${expires})`;
  const have = counting.length === 0 ? "" : `Approved by ${counting.map(until).join(", ")}. `;
  const lost = expired.map(({ by, expires }) => `${by} (${expires})`).join(", ");
  const gone = lost === "" ? "" : ` No longer counted, expired: ${lost}.`;
  return `${have}${missing} ${have === "" ? "" : "more "}needed for ${question.next}.${gone}`;
}

/** Whom the coordinator would let give an answer that the advice names, if not everybody, and who has given it by now. */
function whoMay(advice: Phrase, entry: Entry, now: number): string | null {
  const { answers, given } = limitedAnswers(advice, entry, instantOf(now));
  if (answers.length === 0) return null;
  const sofar = given.length === 0 ? "" : `; so far by ${given.join(" and ")}`;
  return `${answers.map(answerText).join("; ")}${sofar}`;
}

function untilText(deadline: string, now: number): string {
  const ms = instantMs(deadline) - now;
  return ms >= 0 ? `in ${ageText(ms)}` : `${ageText(-ms)} ago`;
}
