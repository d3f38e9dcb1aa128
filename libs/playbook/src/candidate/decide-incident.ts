/**
 * What an incident that people opened means for a candidate: recovery at once, from wherever it stands.
 *
 * I1: of a whole lane or of all, those whose strategy may run, whichever run promoted it; the others are frozen where they go next.
 *     An incident of one candidate reaches it even when it is closed: what it promoted may still run.
 * I2: each incident leads a candidate to recovery once, also when another one leads it there in between.
 * I3: the guard lets it through from any stage, on hold or not; approvals that the recovery stage needs are asked for.
 */
import { type WholeEntry, type Incident, incidentsOf, MAX_INCIDENTS } from "@baton/contracts";

import { type Playbook, stageRule } from "../format/playbook.ts";
import { isPromoted, recoveryStage } from "../format/promotion.ts";
import { emergencyFor } from "../policies/stops.ts";
import type { Decision, Question } from "./decision.ts";
import { approvalRuleFor, askApproval } from "./enter.ts";
import { checkRecovery } from "./recovery-passage.ts";
import { dispatch, leftOf, newRun, type Step } from "./successor.ts";

/** Decides on a candidate that may be part of the incident. */
export function decideIncident(question: Question, incidentId: string): Decision {
  const { last, playbook, now, controls } = question;
  const to = recoveryStage(playbook);
  const incident = controls?.controls.incidents.find((one) => one.id === incidentId);
  if (!last || !incident || to === undefined || !isPart(playbook, last.entry, incident))
    return { kind: "ignore", why: "stale" };
  const { entry } = last;
  const before = incidentsOf(entry);
  if (before.includes(incidentId)) return { kind: "ignore", why: "duplicate" };
  const { id, class: kind, by, why } = incident;
  const cause = { kind: "incident", incidentId: id, class: kind, by, why } as const;
  const step: Step = { last, playbook, now, cause };
  const emergency = emergencyFor(controls?.controls, entry.candidateId, now);
  const run = entry.holder === "closed" || entry.visited.includes(to) ? newRun(step) : {};
  const { runId, stage } = { ...entry, ...run };
  const verdict = checkRecovery(playbook, entry, { to, runId, emergency });
  if (!verdict.allowed) return { kind: "ignore", why: "stale" };
  const artifacts = entry.artifacts.filter((artifact) => artifact.stage !== to);
  const link = {
    id,
    class: kind,
    ticket: emergency?.ticket ?? null,
    before: before.slice(0, MAX_INCIDENTS),
  };
  const heldBy = entry.hold?.by;
  const left = { ...leftOf(step), ...(heldBy !== undefined && { heldBy }) };
  const about = { kind: "incident", left } as const;
  const carried = { ...run, artifacts, incident: link, hold: null, kept: null, failure: null };
  if (approvalRuleFor(step, to))
    return { kind: "append", entry: askApproval(step, to, { about, carried }) };
  const changes = {
    ...carried,
    reason: "INCIDENT",
    about,
    guard: { from: stage, to, rule: verdict.reason },
  } as const;
  return { kind: "append", entry: dispatch(step, to, changes) };
}

/** I1. */
function isPart(playbook: Playbook, entry: WholeEntry, { scope }: Incident): boolean {
  if (scope.kind === "candidate") return scope.candidateId === entry.candidateId;
  if (entry.holder === "closed" || !isPromoted(playbook, entry)) return false;
  return scope.kind === "all" || stageRule(playbook, entry.stage).lane === scope.lane;
}
