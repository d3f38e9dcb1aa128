import { expect, test } from "vitest";

import { controlsOf, controlsSection } from "./controls-section.ts";
import { controlState } from "./testing/controls.ts";
import { journalEntry } from "./testing/journal.ts";
import { CANDIDATE } from "./testing/run-artifacts.ts";

const at = (minute: number) => `2026-01-05T11:${String(minute).padStart(2, "0")}:00.000Z`;
const act = { by: "ann", why: "odd", time: at(0), commandId: "cmd-000001" };
const own = {
  ...act,
  id: "inc-000000000001",
  class: "B",
  scope: { kind: "candidate", candidateId: CANDIDATE },
  emergency: { ...act, ticket: "OPS-1", scope: CANDIDATE, until: at(40), ended: false },
} as const;
const other = {
  ...own,
  id: "inc-000000000002",
  scope: { kind: "candidate", candidateId: "cand-another" },
  emergency: null,
} as const;
const lane = { ...other, id: "inc-000000000003", scope: { kind: "lane", lane: "lane-c" } } as const;
const task = {
  ...act,
  id: "task-000000000001",
  incidentId: own.id,
  ticket: "OPS-1",
  scope: CANDIDATE,
};
const killSwitch = { ...act, releases: [] };

const STATES = [
  controlState(1, { time: at(10), incidents: [other] }),
  controlState(2, { time: at(20), incidents: [other, lane], killSwitch }),
  controlState(3, { time: at(30), incidents: [own], tasks: [task], killSwitch }),
  controlState(4, { time: at(40), tasks: [task] }),
  controlState(5, { time: at(50) }),
];
const controls = {
  last: async () => STATES.at(-1),
  at: async (sequence: number) => STATES[sequence - 1],
};
/** Submitted at 11:25, sealed under the fourth state. */
const ENTRIES = [{ ...journalEntry(1), time: at(25) }, journalEntry(2, { controls: 4 })];

test("the controls are those from the candidate's submission to its sealing", async () => {
  const states = await controlsOf(ENTRIES, controls);
  expect(states.map(({ sequence }) => sequence)).toEqual([2, 3, 4]);
  expect(await controlsOf([journalEntry(1)], controls)).toEqual([]);
});

test("what concerned the candidate is told with when it began and was over", () => {
  expect(controlsSection(STATES, CANDIDATE)).toMatchObject({
    entries: STATES.map(({ sequence }) => ({ sequence, detail: "The mesh was made" })),
    incidents: [
      { id: lane.id, from: 2, until: 3 },
      { id: own.id, from: 3, until: 4 },
    ],
    emergencies: [{ ticket: "OPS-1", incidentId: own.id, from: 3, until: 4 }],
    tasks: [{ id: task.id, from: 3, until: 5 }],
    killSwitch: [{ by: "ann", from: 2, until: 4 }],
  });
  expect(controlsSection(STATES, "cand-another")).toMatchObject({
    incidents: [
      { id: other.id, from: 1, until: 3 },
      { id: lane.id, from: 2, until: 3 },
    ],
    emergencies: [],
    tasks: [],
  });
});
