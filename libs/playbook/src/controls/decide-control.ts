/**
 * The one place where the mesh's controls change: kill switch, incidents, emergencies, changes that wait for Git.
 *
 * M1: engaging the kill switch takes one person, releasing it two different ones within an hour of each other; who engages
 *     it again takes back what was asked for its release.
 * M2: an incident is closed by a person, and only when every candidate it led to recovery has passed its checks or
 *     was given up by a person.
 * M3: an emergency exists only on an open incident, for one strategy, under a ticket, until its time is over; it leaves a
 *     task from its beginning, which nothing but a commit closes.
 * M4: a loss of history engages the kill switch, and so does accepting it: what was decided before isn't known any more, so
 *     two people look before anything is promoted or increased.
 */
import type { ControlCommand } from "@baton/contracts";

import { refusalOfControl } from "../policies/who-may-answer.ts";
import { type ControlDecision, type ControlQuestion, isOver, next } from "./control-step.ts";
import { acceptLoss, stopForLoss } from "./history-loss.ts";
import { closeIncident, closeTask, declareEmergency, openIncident } from "./incidents.ts";
import { engage, release } from "./kill-switch.ts";

/** Decides what follows for the controls. Pure, like `decide`. */
export function decideControl(question: ControlQuestion): ControlDecision {
  const { last, happening, playbook } = question;
  if (happening.kind === "expired") return expire(question);
  if (happening.kind === "lost") return stopForLoss(question, happening);
  const { command, identity } = happening;
  if (last?.controls.commands.includes(command.id)) return { kind: "ignore", why: "duplicate" };
  return refusalOfControl(playbook, command, identity) ?? answer(question, command);
}

function answer(question: ControlQuestion, command: ControlCommand): ControlDecision {
  switch (command.type) {
    case "kill-switch":
      return engage(question, command);
    case "release-kill-switch":
      return release(question, command);
    case "incident":
      return openIncident(question, command);
    case "close-incident":
      return closeIncident(question, command);
    case "emergency":
      return declareEmergency(question, command);
    case "close-task":
      return closeTask(question, command);
    case "accept-loss":
      return acceptLoss(question, command);
  }
}

function expire(question: ControlQuestion): ControlDecision {
  const { last, now } = question;
  const over = last?.controls.incidents.filter((one) => isOver(one, now)) ?? [];
  const fresh = over.filter(({ emergency }) => emergency?.ended === false);
  if (!last || fresh.length === 0) return { kind: "ignore", why: "early" };
  const incidents = last.controls.incidents.map((one) =>
    fresh.includes(one) && one.emergency
      ? { ...one, emergency: { ...one.emergency, ended: true } }
      : one,
  );
  const of = fresh.map(({ id, emergency }) => ({ id, ticket: emergency?.ticket ?? "" }));
  return next(question, { incidents, about: { kind: "emergencies-over", of } });
}
