/**
 * Stage incident-recovery: says what kind of incident it is, takes the strategy off main, and shows by five checks that
 * things are well again. It never puts anything back into service: people do, after the record.
 */
import type { IncidentRecord, ObservedIncident } from "@baton/artifacts";
import { cut, deduplicationId, type IncidentClass } from "@baton/contracts";
import { GitError } from "@baton/gitops";
import { done, type StageContext, type StageOutcome } from "@baton/lanekit";
import { emergencyFor, isOutage } from "@baton/playbook";

import { contain, type Containment } from "./containment.ts";
import { containDirectly } from "./emergency.ts";
import { causeOf, classify, type IncidentCause } from "./incident-class.ts";
import { journalUpTo } from "./journal-extract.ts";
import { requireNoMeshSwitch } from "./mesh-switch.ts";
import type { EvidenceOptions, World } from "./ports.ts";
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
  mesh: Pick<EvidenceOptions, "journal" | "controls">,
): Promise<StageOutcome> {
  const { candidateId, runId } = context;
  const cause = causeOf(await journalUpTo(context, mesh.journal));
  const classes = classesOf(cause);
  context.progress(`containing an incident of class ${classes[0]}`);
  const { killSwitch } = world.broker(candidateId);
  if (classes.includes("B"))
    await killSwitch.engage({
      scope: "account",
      by: "incident recovery",
      reason: `incident of ${candidateId} in ${cause.stage}`,
    });
  const containment = await containOrClose(context, world, { cause, controls: mesh.controls });
  const { action, configHash, emergency } = containment;
  // An emergency before this run may have engaged it too.
  const killSwitchEngaged = (await killSwitch.get()).account.engaged;
  const containedAt = context.now().toISOString();
  await requireNoMeshSwitch(world, mesh.controls, "contained; the checks wait");
  context.progress("checking recovery");
  const checks = await recoveryChecks(context, world, containment);
  const recovered = checks.every(({ passed }) => passed);
  // A switch that was engaged meanwhile is why they failed.
  if (!recovered) await requireNoMeshSwitch(world, mesh.controls, "contained; the checks wait");
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
    incidentId: cause.incident?.id ?? `inc-${sha256(deduplicationId(context)).slice(0, 12)}`,
    class: classes[0],
    classes: [...classes],
    stage: cause.stage,
    declaredBy: cause.declaredBy,
    reasons: [...cause.reasons],
    containment: { action, configHash, killSwitchEngaged, ...(emergency && { emergency }) },
    checks,
    recovered,
    next: nextSteps(classes[0], checks, { killSwitchEngaged, ticket: emergency?.ticket }),
  } satisfies IncidentRecord);
  const failed = checks.filter(({ passed }) => !passed).map(({ check }) => check);
  const state = recovered ? "all five checks passed" : `not well yet: ${failed.join(", ")}`;
  return done(`incident of class ${classes[0]}: ${action}; ${state}`, recovered ? "pass" : "fail");
}

function classesOf(cause: IncidentCause): readonly [IncidentClass, ...IncidentClass[]] {
  if (cause.incident) return [cause.incident.class];
  // Whoever gives a candidate up doubts its thesis; their words aren't signs of anything else.
  return cause.ended ? ["D"] : classify(cause.reasons);
}

/** By way of Git; in an emergency that people declared, without it where it can't be reached. */
async function containOrClose(
  context: StageContext,
  world: World,
  of: { readonly cause: IncidentCause; readonly controls: EvidenceOptions["controls"] },
): Promise<Containment> {
  try {
    const { incident, ended } = of.cause;
    return await contain(context, world, { byPeople: incident !== undefined, ended });
  } catch (error) {
    if (!(error instanceof GitError) || !isOutage(error)) throw error;
    const state = await of.controls.last();
    const now = context.now().toISOString();
    const emergency = emergencyFor(state?.controls, context.candidateId, now);
    if (!emergency) throw error;
    const closed = await containDirectly(context, world, emergency);
    const unknown = { configHash: null, target: undefined, observed: null };
    return { action: "emergency", ...unknown, emergency: closed };
  }
}

function nextSteps(
  kind: IncidentClass,
  checks: IncidentRecord["checks"],
  of: { readonly killSwitchEngaged: boolean; readonly ticket: string | undefined },
): string[] {
  const failed = checks.filter(({ passed }) => !passed);
  const { killSwitchEngaged, ticket } = of;
  return [
    ...(ticket === undefined
      ? []
      : [
          cut(
            `When Git answers again: \`baton resume ID --why …\`, which takes the strategy off main; then \`baton close-task TASK --commit SHA --why …\` for ${ticket}.`,
            300,
          ),
        ]),
    ...failed.map(({ check, detail }) => cut(`Mend ${check}: ${detail}`, 300)),
    INVESTIGATE[kind],
    "Write the postmortem; submit a changed candidate only after it was approved.",
    ...(killSwitchEngaged ? ["Release the kill switch of the strategy's account."] : []),
  ];
}
