/**
 * A result that can't be taken, stored where the stage run's own belongs. The first result of a stage run counts for ever, so no
 * other can come: nobody would hear of it before the stage's deadline, so a person is asked at once.
 */
import {
  awaitedDispatch,
  cut,
  deduplicationId,
  type Lane,
  type ResultReport,
  type StageRun,
} from "@baton/contracts";

import { stageRule } from "../format/playbook.ts";
import type { Decision, Happening, Question } from "./decision.ts";
import { review, type Step, successor } from "./successor.ts";

/** Where the result was stored: its subject, which only that lane may publish on. */
interface Place extends StageRun {
  readonly lane: Lane;
}

/** Decides on a result of which only the place is known. */
export function decideUnreadable(
  question: Question,
  happening: Extract<Happening, { kind: "unreadable" }>,
): Decision {
  const { sequence, lane, why } = happening;
  if (!isAwaitedAt(question, happening)) return { kind: "ignore", why: "stale" };
  return askAbout(question, { kind: "unreadable", sequence, lane, why: cut(why, 300) });
}

/** Asks about a readable result in the place of the awaited one that answers another dispatch; undefined if it's no such result. */
export function decideMisdirected(
  question: Question,
  report: ResultReport,
  cause: Extract<Step["cause"], { kind: "report" }>,
): Decision | undefined {
  if (!isAwaitedAt(question, report)) return undefined;
  const { last } = question;
  const awaited = last && awaitedDispatch(last);
  if (awaited === undefined || awaited === report.answers) return undefined;
  return askAbout(question, cause, { dispatch: report.answers, awaited });
}

/** True if the result that the candidate waits for can be nowhere but there. */
function isAwaitedAt({ last, playbook }: Question, place: Place): boolean {
  if (!last || awaitedDispatch(last) === undefined) return false;
  const { entry } = last;
  return (
    deduplicationId(entry) === deduplicationId(place) &&
    stageRule(playbook, entry.stage).lane === place.lane
  );
}

function askAbout(
  { last, playbook, now }: Question,
  cause: Extract<Step["cause"], { kind: "report" | "unreadable" }>,
  answers?: { readonly dispatch: number; readonly awaited: number },
): Decision {
  if (!last) return { kind: "ignore", why: "stale" };
  const { entry } = last;
  const step: Step = { last, playbook, now, cause };
  const { stage } = entry;
  const { lane } = stageRule(playbook, stage);
  const about = { kind: "unfit-result", stage, lane, ...(answers && { answers }) } as const;
  if (entry.hold)
    return { kind: "append", entry: successor(step, { reason: "PAUSED", about, awaits: null }) };
  const reason = "RESULT_UNREADABLE";
  return { kind: "append", entry: review(step, { reason, about, awaits: null }) };
}
