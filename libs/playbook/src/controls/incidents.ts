/** Incidents, emergencies and the tasks that they leave: M2 and M3 of decide-control. */
import { type Incident, MAX_INCIDENTS, MAX_TASKS } from "@baton/contracts";
import { counted } from "@baton/text/counted";

import { type Refusal, reject } from "../candidate/decision.ts";
import { digestOf } from "../identify.ts";
import { after } from "../instant.ts";
import {
  type ControlCommandOf,
  type ControlDecision,
  type ControlQuestion,
  actOf,
  isOver,
  next,
} from "./control-step.ts";

/** Opens an incident. */
export function openIncident(
  question: ControlQuestion,
  command: ControlCommandOf<"incident">,
): ControlDecision {
  const { scope, class: kind } = command;
  const incidents = question.last?.controls.incidents ?? [];
  if (scope.kind === "candidate" && !question.facts.candidateKnown) {
    return reject(
      "E_NOT_FOUND",
      `no candidate ${scope.candidateId} is known`,
      "`baton get candidates` lists those there are.",
    );
  }
  if (incidents.length >= MAX_INCIDENTS) {
    return reject(
      "E_LIMIT",
      `${incidents.length} incidents are open, the limit`,
      "Close those that are over: `baton get controls`.",
    );
  }
  const id = `inc-${digestOf(`incident.${command.id}`).slice(0, 12)}`;
  const incident: Incident = {
    ...actOf(question, command),
    id,
    class: kind,
    scope,
    emergency: null,
  };
  const about = { kind: "incident-opened", id, class: kind, scope } as const;
  return next(question, { incidents: [...incidents, incident], about });
}

/** Closes one whose candidates have recovered. */
export function closeIncident(
  question: ControlQuestion,
  command: ControlCommandOf<"close-incident">,
): ControlDecision {
  const { incidentId } = command;
  const found = findIncident(question, incidentId);
  if (found.kind === "reject") return found;
  const { unrecovered } = question.facts;
  if (unrecovered.length > 0) {
    return reject(
      "E_GUARD",
      `${incidentId} can't be closed: the recovery of ${unrecovered.slice(0, 5).join(", ")}${unrecovered.length > 5 ? " and others" : ""} hasn't passed its five checks`,
      "`baton explain` each of them; mend what the incident record names, then `baton resume ID --why …`.",
    );
  }
  const incidents = found.all.filter(({ id }) => id !== incidentId);
  return next(question, { incidents, about: { kind: "incident-closed", id: incidentId } });
}

/** Lets one strategy be changed outside Git for a while. */
export function declareEmergency(
  question: ControlQuestion,
  command: ControlCommandOf<"emergency">,
): ControlDecision {
  const { incidentId, ticket, scope, seconds } = command;
  const found = findIncident(question, incidentId);
  if (found.kind === "reject") return found;
  const { incident, all } = found;
  const tasks = question.last?.controls.tasks ?? [];
  if (incident.scope.kind === "candidate" && incident.scope.candidateId !== scope) {
    return reject(
      "E_CONFLICT",
      `${incidentId} is about ${incident.scope.candidateId}, not ${scope}`,
      "Open an incident on the other candidate, or name the one this is about.",
    );
  }
  if (!question.facts.candidateKnown) {
    return reject(
      "E_NOT_FOUND",
      `no candidate ${scope} is known`,
      "`baton get candidates` lists those there are.",
    );
  }
  if (incident.emergency && !isOver(incident, question.now)) {
    return reject(
      "E_CONFLICT",
      `${incidentId} has an emergency already, until ${incident.emergency.until} (${incident.emergency.ticket})`,
      "Use it, or wait for its end.",
    );
  }
  if (tasks.length >= MAX_TASKS) {
    return reject(
      "E_LIMIT",
      `${counted(tasks.length, "change waits", "changes wait")} for Git, the limit`,
      "Bring them to Git first: `baton get controls`.",
    );
  }
  const act = actOf(question, command);
  const emergency = { ...act, ticket, scope, until: after(question.now, seconds), ended: false };
  const id = `task-${digestOf(`task.${command.id}`).slice(0, 12)}`;
  const incidents = all.map((one) => (one.id === incidentId ? { ...one, emergency } : one));
  const { until } = emergency;
  return next(question, {
    incidents,
    tasks: [...tasks, { ...act, id, incidentId, ticket, scope }],
    about: { kind: "emergency", id: incidentId, task: id, ticket, scope, until },
  });
}

/** Closes a task with the commit that brought its change to Git. */
export function closeTask(
  question: ControlQuestion,
  command: ControlCommandOf<"close-task">,
): ControlDecision {
  const { taskId, commit } = command;
  const { tasks = [], incidents = [] } = question.last?.controls ?? {};
  const task = tasks.find(({ id }) => id === taskId);
  if (!task) {
    return reject(
      "E_NOT_FOUND",
      `no open task ${taskId}`,
      "`baton get controls` lists those there are.",
    );
  }
  const of = incidents.find(({ id }) => id === task.incidentId);
  if (of?.emergency && of.emergency.commandId === task.commandId && !isOver(of, question.now)) {
    return reject(
      "E_CONFLICT",
      `the emergency of ${taskId} lasts until ${of.emergency.until}: more may be changed until then`,
      "Close the incident, or wait for the emergency's end.",
    );
  }
  const { ticket, scope } = task;
  const about = { kind: "task-closed", id: taskId, ticket, scope, commit } as const;
  return next(question, { tasks: tasks.filter(({ id }) => id !== taskId), about });
}

function findIncident(
  { last }: ControlQuestion,
  incidentId: string,
): { kind: "found"; incident: Incident; all: readonly Incident[] } | Refusal {
  const all = last?.controls.incidents ?? [];
  const incident = all.find(({ id }) => id === incidentId);
  return incident
    ? { kind: "found", incident, all }
    : reject(
        "E_NOT_FOUND",
        `no open incident ${incidentId}`,
        "`baton get controls` lists those there are.",
      );
}
