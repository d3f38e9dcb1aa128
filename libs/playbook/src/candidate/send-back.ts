import {
  type Command,
  type WholeEntry,
  type Feedback,
  incidentsOf,
  type Left,
} from "@baton/contracts";

import { anotherRunAllowed, stageRule } from "../format/playbook.ts";
import { recoveryStage } from "../format/promotion.ts";
import { checkTransition } from "../policies/guard.ts";
import { type Decision, reject } from "./decision.ts";
import { dispatch, leftOf, newRun, type Step } from "./successor.ts";

type SendBack = Extract<Command, { type: "send-back" }>;

const MAX_REASONS = 50;
const MAX_FEEDBACK = 20;

/** Decides a person's wish to start over: a new run from the start with the reasons attached. A hold is lifted by it. */
export function sendBack(step: Step, command: SendBack): Decision {
  const { last, playbook } = step;
  const { entry } = last;
  const { candidateId } = entry;
  if (entry.holder !== "review") {
    return reject(
      "E_CONFLICT",
      `${candidateId} isn't waiting for a person: ${entry.holder} has it`,
      "First `baton pause ID --why …`.",
    );
  }
  if (!anotherRunAllowed(playbook, entry.iteration)) {
    return reject(
      "E_LIMIT",
      `${candidateId} has had ${entry.iteration + 1} runs, the playbook's limit`,
      "`baton cancel ID --why …`, or submit a changed candidate.",
    );
  }
  if (incidentsOf(entry).length > 0 && entry.stage === recoveryStage(playbook)) {
    return reject(
      "E_GUARD",
      `${candidateId} hasn't recovered from ${incidentsOf(entry).join(", ")}: what it promoted may still run`,
      "`baton resume ID --why …` runs recovery again once what its record names is mended; `baton cancel ID --why …` gives it up.",
    );
  }
  const run = newRun(step);
  const verdict = checkTransition(playbook, {
    candidateId,
    runId: run.runId,
    from: null,
    to: playbook.start,
    // A new run has no stage yet, and the person who sends it back lifts the hold.
    state: { candidateId, runId: run.runId, activeStage: null, paused: false },
    previousArtifact: false,
    previousGatePassed: false,
    riskControlsPassed: true,
    executionControlsPassed: true,
    mode: "gitops",
    emergencyTicket: null,
  });
  if (!verdict.allowed)
    return reject("E_GUARD", `guard refused: ${verdict.reason}`, "Correct the playbook.");
  const changes = {
    ...run,
    reason: "SENT_BACK",
    about: { kind: "sent-back", left: leftBehind(step) },
    feedback: [...entry.feedback, feedbackOf(entry, command)].slice(-MAX_FEEDBACK),
    guard: { from: null, to: playbook.start, rule: verdict.reason },
  } as const;
  return { kind: "append", entry: dispatch(step, playbook.start, { ...changes, artifacts: [] }) };
}

/** What the run that is given up leaves as it is. */
function leftBehind(step: Step): Left {
  const { visited } = step.last.entry;
  const changed = visited.filter((stage) => stageRule(step.playbook, stage).mutable);
  return { ...leftOf(step), ...(changed.length > 0 && { changed }) };
}

/** The person's words (a reason holds 300 UTF-16 units), and the gate's if the run stood at one. */
function feedbackOf({ runId, stage, evidence }: WholeEntry, { by, why }: SendBack): Feedback {
  const words = pieces(`${by}: ${why}`);
  const gate = evidence?.gate?.reasons ?? [];
  return { runId, stage, reasons: [...words, ...gate].slice(0, MAX_REASONS) };
}

/** `text` in pieces that feedback can hold, parted at blanks where there are any; nothing is left out. */
function pieces(text: string): string[] {
  const found = text.match(/[^]{1,149}(?:\s|$)|[^]{1,149}/gu) ?? [];
  return found.map((piece) => piece.trim()).filter((piece) => piece !== "");
}
