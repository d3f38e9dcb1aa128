/**
 * How a person ends a candidate. What it promoted may still run then: it is taken out of service by recovery first, and the
 * candidate is closed when that is through.
 *
 * E1: nothing that a person ends goes on running without a word: it is led to recovery, or the entry says what may still run
 *     and what takes it out.
 * E2: in recovery itself, and where the playbook has none, the end is at once: a person must be able to give up.
 */
import type { About, WholeEntry } from "@baton/contracts";

import { anotherRunAllowed } from "../format/playbook.ts";
import { isPromoted, recoveryStage } from "../format/promotion.ts";
import type { Decision } from "./decision.ts";
import { approvalRuleFor, askApproval } from "./enter.ts";
import { checkRecovery } from "./recovery-passage.ts";
import { close, dispatch, newRun, type Step } from "./successor.ts";

/** What the person's end of it is about. */
type Ending = Extract<About, { kind: "cancelled" | "rejected" }>;

/** Closes the candidate, by way of recovery where its strategy may run (E1). */
export function end(step: Step, about: Ending): Decision {
  const { entry } = step.last;
  const reason = about.kind === "cancelled" ? "CANCELLED" : "REJECTED";
  if (!isPromoted(step.playbook, entry)) return append(close(step, { reason, about }));
  const out = takeOut(step, { ...about, running: "taken-out-first" });
  if (out) return append(out);
  return append(close(step, { reason, about: { ...about, running: "may-run" } }));
}

function takeOut(step: Step, about: Ending): WholeEntry | undefined {
  const { last, playbook } = step;
  const { entry } = last;
  const to = recoveryStage(playbook);
  if (to === undefined || entry.stage === to) return undefined;
  const isAgain = entry.visited.includes(to);
  if (isAgain && !anotherRunAllowed(playbook, entry.iteration)) return undefined;
  const run = isAgain ? newRun(step) : {};
  const { runId, stage } = { ...entry, ...run };
  const verdict = checkRecovery(playbook, entry, { to, runId });
  if (!verdict.allowed) return undefined;
  const artifacts = entry.artifacts.filter((artifact) => artifact.stage !== to);
  const carried = { ...run, artifacts, hold: null, kept: null, failure: null };
  if (approvalRuleFor(step, to)) return askApproval(step, to, { about, carried });
  const guard = { from: stage, to, rule: verdict.reason };
  return dispatch(step, to, { ...carried, reason: "INCIDENT", about, guard });
}

function append(entry: WholeEntry): Decision {
  return { kind: "append", entry };
}
