/** The matters that people are told about, as the mesh's controls have them: pure. */
import {
  type Controls,
  cut,
  type Emergency,
  type GitTask,
  type Incident,
  type KillSwitchState,
  MESH_MATTER_PREFIX,
  type MeshMatter,
} from "@baton/contracts";
import { scopeText } from "@baton/views";

/** What concerns no candidate of its own. */
const MESH = "mesh";

/** All that is open. */
export function mattersIn({ killSwitch, incidents, tasks }: Controls): readonly MeshMatter[] {
  return [
    ...(killSwitch ? [killSwitchMatter(killSwitch)] : []),
    ...incidents.map(incidentMatter),
    ...tasks.map(taskMatter),
  ];
}

function killSwitchMatter({ by, why, time, commandId, releases }: KillSwitchState): MeshMatter {
  const asked = releases.map((one) => `${one.by} (${one.why}; counts until ${one.expires})`);
  return {
    matter: `${MESH_MATTER_PREFIX}kill-switch-${commandId}`,
    reason: "KILL_SWITCH_ENGAGED",
    subject: MESH,
    facts: {},
    usualSeverity: "critical",
    what: cut(`Kill switch engaged by ${by}: ${why}`),
    detail: cut(
      sentences(
        "It stops new orders and every promotion; cancels, closes that reduce a position and recovery pass.",
        asked.length > 0 && `Its release was asked for by ${asked.join(", ")}.`,
      ),
    ),
    action: "Two people within an hour of each other: `baton kill-switch release --why …`.",
    openedAt: time,
  };
}

function incidentMatter(incident: Incident): MeshMatter {
  const { id, class: kind, scope, by, why, time, emergency } = incident;
  const candidateId = scope.kind === "candidate" ? scope.candidateId : undefined;
  return {
    matter: `${MESH_MATTER_PREFIX}${id}`,
    reason: "INCIDENT_OPEN",
    subject: candidateId ?? MESH,
    facts: {
      incidentId: id,
      class: kind,
      scope: scope.kind,
      ...(candidateId !== undefined && { candidateId }),
      ...(scope.kind === "lane" && { lane: scope.lane }),
    },
    usualSeverity: kind === "A" || kind === "B" ? "critical" : "warning",
    what: cut(`Incident ${id} of class ${kind} opened on ${scopeText(scope)} by ${by}: ${why}`),
    detail: cut(sentences(effectOf(scope), emergency && emergencyText(emergency))),
    action: `Follow the recovery with \`baton get controls\`, then \`baton incident close ${id} --why …\`.`,
    openedAt: time,
  };
}

function taskMatter({ id, incidentId, ticket, scope, by, why, time }: GitTask): MeshMatter {
  return {
    matter: `${MESH_MATTER_PREFIX}${id}`,
    reason: "GIT_TASK_OPEN",
    subject: scope,
    facts: { taskId: id, incidentId, ticket, candidateId: scope },
    usualSeverity: "warning",
    what: cut(`Emergency under ${ticket} on ${scope} by ${by}, which leaves ${id}: ${why}`),
    detail: `Nothing is promoted until Git has what is changed on ${scope} under ${ticket} (${incidentId}).`,
    action: `Bring the change to Git, then \`baton close-task ${id} --commit SHA --why …\`.`,
    openedAt: time,
  };
}

function effectOf(scope: Incident["scope"]): string {
  switch (scope.kind) {
    case "all":
      return "Every candidate is frozen before its next stage; those that were promoted go to recovery.";
    case "lane":
      return `Candidates are frozen before a stage of ${scope.lane}; those of its that were promoted go to recovery.`;
    case "candidate":
      return `${scope.candidateId} goes to recovery.`;
  }
}

function emergencyText({ ticket, scope, by, until, ended }: Emergency): string {
  return ended
    ? `The emergency under ${ticket} by ${by} is over since ${until}.`
    : `Emergency under ${ticket} by ${by}: ${scope} may be changed outside Git until ${until}.`;
}

function sentences(...parts: readonly (string | false | null)[]): string {
  return parts.filter((part) => typeof part === "string").join(" ");
}
