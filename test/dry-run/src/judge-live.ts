/** Judges the two candidates that come as far as a live ramp. */
import { IncidentRecord, LiveRampReport } from "@baton/artifacts";
import { approvalState } from "@baton/playbook";

import { REVIEWERS } from "./acts.ts";
import { endsAs, type Matter, parsed } from "./judge-notes.ts";

/** Refused approvals, reminder, kill switch, two approvals, live at L3, a pack that verifies. */
export function judgeTrend(matter: Matter): void {
  const { notes, evidence, last, of } = matter;
  endsAs(matter, "closed", "COMPLETED");
  judgeRefusedApprovals(matter);
  const { reminders } = of.played;
  notes.check(reminders > 0, "people were reminded of its question", "nobody was reminded of it");
  judgeKillSwitch(matter);
  const by = last.approvals.map((one) => one.by).join(", ");
  const wanted = REVIEWERS.join(", ");
  notes.check(by === wanted, `approved by ${by}`, `approved by ${by || "nobody"}, not ${wanted}`);
  const ramp = parsed(evidence, "gates/live-ramp.json", LiveRampReport);
  const steps = ramp?.steps.filter(({ verified }) => verified).map(({ level }) => level) ?? [];
  notes.check(
    ramp?.level === "L3" && steps.length === ramp.steps.length,
    `live at L3, each of ${steps.join(", ")} seen to run`,
    `live ramp is at ${ramp?.level ?? "no level"}; seen to run: ${steps.join(", ") || "none"}`,
  );
  const { pack } = of;
  const faults = pack?.faults.map(({ message }) => message).join("; ");
  notes.check(
    pack?.ok === true && pack.trusted,
    `audit pack of ${pack?.manifest?.files.length ?? 0} files verified with the mesh's key`,
    `the audit pack doesn't verify: ${faults ?? "there is none"}`,
  );
}

const REFUSALS = { "by its author": "E_DENIED", "on other evidence": "E_CONFLICT" } as const;

function judgeRefusedApprovals({ notes, of }: Matter): void {
  const refused = of.played.refusedApprovals;
  for (const what of ["by its author", "on other evidence"] as const) {
    const [code, wanted] = [refused[what], REFUSALS[what]];
    notes.check(
      code === wanted,
      `an approval ${what} was refused (${wanted})`,
      `an approval ${what} should have been refused as ${wanted}, but was ${code ?? "accepted"}`,
    );
  }
}

/** The issue's bound: orders and promotions stop within a second. */
const STOPS_WITHIN_MS = 1000;

function judgeKillSwitch({ notes, of }: Matter): void {
  const seen = of.played.killSwitch;
  const ms = seen?.orderStoppedAfterMs ?? Number.POSITIVE_INFINITY;
  notes.check(
    ms <= STOPS_WITHIN_MS,
    `the kill switch stopped an order after ${Math.round(ms)} ms`,
    `the kill switch stopped an order after ${Math.round(ms)} ms; at most ${STOPS_WITHIN_MS} are allowed`,
  );
  notes.check(
    seen?.reducingOrder === "accepted",
    "an order that reduces the position passed",
    `an order that reduces the position was ${seen?.reducingOrder ?? "not tried"}`,
  );
  notes.check(
    seen?.promotion === "E_GUARD",
    "its promotion was refused meanwhile (E_GUARD)",
    `its promotion should have been refused as E_GUARD, but was ${seen?.promotion ?? "accepted"}`,
  );
  notes.check(
    seen?.tookTwo === true && seen.orderAfter === "accepted",
    "two people released it, one wasn't enough, and orders passed again",
    `its release: ${seen?.tookTwo === true ? "two people" : "one was enough"}; an order afterwards was ${seen?.orderAfter ?? "not tried"}`,
  );
}

/** Recovery by an incident that people opened; the approval that was given before is worth nothing. */
export function judgeIncident(matter: Matter): void {
  const { notes, evidence, last, of } = matter;
  endsAs(matter, "closed", "RECOVERED");
  const { incident } = of.played;
  const led = evidence.entries.find(({ entry }) => entry.cause.kind === "incident")?.entry;
  notes.check(
    incident !== undefined && led?.incident?.id === incident.id,
    `incident ${incident?.id ?? ""} led it from ${led?.guard?.from ?? "?"} to recovery`,
    "no incident led it to recovery",
  );
  const record = parsed(evidence, "incident/incident-record.json", IncidentRecord);
  const passed = record?.checks.filter((check) => check.passed).length ?? 0;
  notes.check(
    record?.incidentId === incident?.id && record?.recovered === true,
    `recovered (${record?.containment.action}), ${passed} of ${record?.checks.length} checks passed`,
    `its incident record says ${record ? `${record.incidentId}, ${passed} checks passed` : "nothing"}`,
  );
  const states = last.approvals.map((one) => approvalState(one, last, last.time));
  notes.check(
    states.length === 1 && states[0] === "void",
    "the approval it was given before is void",
    `the approvals it was given before are ${states.join(", ") || "gone"}; expected one, void`,
  );
  notes.check(
    incident?.closed === true,
    "the incident was closed after its recovery",
    "the incident wasn't closed",
  );
}
