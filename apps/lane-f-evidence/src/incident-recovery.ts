/**
 * Stage incident-recovery: says what kind of incident it is, takes the strategy off main, and shows by five checks that
 * things are well again. It never puts anything back into service: people do, after the record.
 */
import {
  deduplicationId,
  type IncidentClass,
  type IncidentRecord,
  type ObservedIncident,
} from "@baton/contracts";
import { done, type StageContext, type StageOutcome } from "@baton/lanekit";

import { contain } from "./containment.ts";
import { causeOf, classify } from "./incident-class.ts";
import { dispatchOf } from "./journal-extract.ts";
import type { JournalReader, World } from "./ports.ts";
import { recoveryChecks } from "./recovery-checks.ts";
import { sha256 } from "./strategy-file.ts";

const RECORD = "incident/incident-record.json";
const OBSERVED = "observed/incident-recovery.json";

const INVESTIGATE: Readonly<Record<IncidentClass, string>> = {
  A: "Find out what changed the data, and which candidates were judged on it.",
  B: "Find out which order or control went wrong; release the account's kill switch only afterwards.",
  C: "Find out why the engine, the repository or a service didn't do what main says.",
  D: "Hold the strategy's thesis against what was measured before it is researched again.",
};

/** The stage's work. */
export async function incidentRecovery(
  context: StageContext,
  world: World,
  journal: JournalReader,
): Promise<StageOutcome> {
  const { candidateId, runId } = context;
  const cause = causeOf((await dispatchOf(context, journal)).entry);
  const classes = classify(cause.reasons);
  context.progress(`containing an incident of class ${classes[0]}`);
  const killSwitchEngaged = classes.includes("B");
  if (killSwitchEngaged)
    await world.broker(candidateId).killSwitch.engage({
      scope: "account",
      by: "incident recovery",
      reason: `incident of ${candidateId} in ${cause.stage}`,
    });
  const containment = await contain(context, world);
  const containedAt = context.now().toISOString();
  context.progress("checking recovery");
  const checks = await recoveryChecks(context, world, containment);
  const recovered = checks.every(({ passed }) => passed);
  const { action, configHash } = containment;
  await context.putJson(OBSERVED, {
    schemaVersion: "baton.observed-incident.v1",
    openedBy: context.sequence,
    containedAt,
    verifiedAt: context.now().toISOString(),
    containment: containment.observed,
  } satisfies ObservedIncident);
  await context.putJson(RECORD, {
    schemaVersion: "baton.incident-record.v1",
    candidateId,
    runId,
    incidentId: `inc-${sha256(deduplicationId(context)).slice(0, 12)}`,
    class: classes[0],
    classes,
    stage: cause.stage,
    declaredBy: cause.declaredBy,
    reasons: [...cause.reasons],
    containment: { action, configHash, killSwitchEngaged },
    checks,
    recovered,
    next: nextSteps(classes[0], checks, killSwitchEngaged),
  } satisfies IncidentRecord);
  const failed = checks.filter(({ passed }) => !passed).map(({ check }) => check);
  const state = recovered ? "all five checks passed" : `not well yet: ${failed.join(", ")}`;
  return done(`incident of class ${classes[0]}: ${action}; ${state}`, recovered ? "pass" : "fail");
}

function nextSteps(
  kind: IncidentClass,
  checks: IncidentRecord["checks"],
  killSwitchEngaged: boolean,
): string[] {
  const failed = checks.filter(({ passed }) => !passed);
  return [
    ...failed.map(({ check, detail }) => `Mend ${check}: ${detail}`.slice(0, 300)),
    INVESTIGATE[kind],
    "Write the postmortem; submit a changed candidate only after it was approved.",
    ...(killSwitchEngaged ? ["Release the kill switch of the strategy's account."] : []),
  ];
}
