/** The mesh's controls as a coordinator writes them, made by hand. */
import { Controls, type Incident, type StoredControls } from "@baton/contracts";

import { at } from "./question.ts";

const act = { by: "ada", why: "fills come twice", time: at(0), commandId: "cmd-0001" };

/** The kill switch engaged by ada. */
export const ENGAGED = { ...act, releases: [] };

/** An incident of class B on everything. */
export function incidentWith(changes: Partial<Incident> = {}): Incident {
  const id = "inc-00000000000b";
  return { ...act, id, class: "B", scope: { kind: "all" }, emergency: null, ...changes };
}

/** An emergency on a candidate, under OPS-1. */
export const EMERGENCY = {
  ...act,
  commandId: "cmd-0002",
  ticket: "OPS-1",
  scope: "cand-0001",
  until: at(600_000),
  ended: false,
};

/** The task that it leaves. */
export const TASK = {
  ...act,
  commandId: "cmd-0002",
  id: "task-00000000000c",
  incidentId: "inc-00000000000b",
  ticket: "OPS-1",
  scope: "cand-0001",
};

/** A state; nothing holds unless said. */
export function controls(sequence: number, changes: Partial<Controls> = {}): StoredControls {
  const state = Controls.parse({
    v: 1,
    type: "controls",
    n: sequence,
    prev: sequence - 1,
    time: at(sequence),
    about: { kind: "made" },
    cause: {
      kind: "command",
      commandId: `cmd-${String(sequence).padStart(4, "0")}`,
      type: "close-incident",
      by: "eve",
      why: "it's over",
    },
    killSwitch: null,
    incidents: [],
    tasks: [],
    commands: [],
    ...changes,
  });
  return { sequence, controls: state };
}
