import { type MeshMatterRecord, Notice, type StoredControls } from "@baton/contracts";
import { expect, test } from "vitest";

import type { Attempt } from "../notices/delivery-rules.ts";
import { afterClaim, afterTelling, isDue } from "../notices/told-rules.ts";
import { controls, EMERGENCY, ENGAGED, incidentWith, TASK } from "../testing/controls.ts";
import { policyOf } from "../testing/policy.ts";
import { at, START_MS } from "../testing/question.ts";
import { nextMatterStep, sightingsIn } from "./matter-rules.ts";
import { mattersIn } from "./matters-in.ts";

const policy = policyOf({ severity: undefined }, 1000);
const INCIDENT = "mesh.inc-00000000000b";
const open = controls(1, { incidents: [incidentWith()] });

const when = (ms: number) => ({ policy, nowMs: START_MS + ms, isReachable: () => true });
/** What follows for the incident from these states, the latest first. */
const step = (states: StoredControls[], record: MeshMatterRecord | undefined, ms: number) =>
  nextMatterStep(
    {
      sighting: sightingsIn(states).get(INCIDENT),
      latest: states[0]?.sequence ?? 0,
      record,
    },
    when(ms),
  );
function written(states: StoredControls[], record: MeshMatterRecord | undefined, ms: number) {
  const next = step(states, record, ms);
  if (next.kind !== "write") throw new Error(`nothing is written: ${next.kind}`);
  return next.record;
}
/** The record after every channel was told. */
function told(record: MeshMatterRecord, ms: number): MeshMatterRecord {
  const names = record.delivery?.waiting.map(({ name }) => name) ?? [];
  const attempts = new Map(names.map((name): [string, Attempt] => [name, { kind: "told" }]));
  const after = afterTelling(record, attempts, START_MS + ms);
  return afterClaim(after, record.delivery?.claimedUntil ?? "");
}
const opened = () => told(written([open], undefined, 0), 0);

test("kill switch, incident and task are matters with a name, a code and what to do", () => {
  const lane = incidentWith({
    id: "inc-00000000000d",
    class: "D",
    scope: { kind: "lane", lane: "lane-c" },
  });
  const one = incidentWith({
    id: "inc-00000000000a",
    class: "A",
    scope: { kind: "candidate", candidateId: "cand-0001" },
  });
  const state = controls(3, { killSwitch: ENGAGED, incidents: [lane, one], tasks: [TASK] });
  const found = mattersIn(state.controls);
  expect(
    found.map(({ matter, reason, subject, usualSeverity, facts }) => [
      matter,
      reason,
      subject,
      usualSeverity,
      facts,
    ]),
  ).toEqual([
    ["mesh.kill-switch-cmd-0001", "KILL_SWITCH_ENGAGED", "mesh", "critical", {}],
    [
      "mesh.inc-00000000000d",
      "INCIDENT_OPEN",
      "mesh",
      "warning",
      { incidentId: "inc-00000000000d", class: "D", scope: "lane", lane: "lane-c" },
    ],
    [
      "mesh.inc-00000000000a",
      "INCIDENT_OPEN",
      "cand-0001",
      "critical",
      { incidentId: "inc-00000000000a", class: "A", scope: "candidate", candidateId: "cand-0001" },
    ],
    [
      "mesh.task-00000000000c",
      "GIT_TASK_OPEN",
      "cand-0001",
      "warning",
      {
        taskId: "task-00000000000c",
        incidentId: "inc-00000000000b",
        ticket: "OPS-1",
        candidateId: "cand-0001",
      },
    ],
  ]);
  for (const { what } of found) expect(what).toMatch(/by ada.*: fills come twice$/);
  expect(found.map(({ action }) => /`(baton [^`]+)`/.exec(action)?.[1])).toEqual([
    "baton kill-switch release --why …",
    "baton get controls",
    "baton get controls",
    "baton close-task task-00000000000c --commit SHA --why …",
  ]);
});

test("texts as long as they may be still make a notice", () => {
  const long = "x".repeat(1000);
  const by = "y".repeat(120);
  const releases = [1, 2].map((n) => ({
    ...ENGAGED,
    by: `${n}${by}`.slice(0, 120),
    why: long,
    expires: at(n),
  }));
  const killSwitch = { ...ENGAGED, by, why: long, releases };
  const [matter] = mattersIn(controls(1, { killSwitch }).controls);
  if (!matter) throw new Error("no matter");
  const next = nextMatterStep(
    { sighting: { matter, sequence: 1, end: undefined }, latest: 1, record: undefined },
    when(0),
  );
  if (next.kind !== "write") throw new Error(next.kind);
  expect(Notice.safeParse(next.record.delivery?.notice).error).toBeUndefined();
});

test("an open matter without a record is opened, as grave as its kind where no route says", () => {
  expect(step([open], undefined, 5)).toMatchObject({
    kind: "write",
    claimed: true,
    record: {
      matter: INCIDENT,
      latest: 1,
      state: "open",
      delivery: {
        claimedUntil: at(1005),
        notice: {
          key: `${INCIDENT}.open`,
          topic: "controls",
          subject: "mesh",
          severity: "critical",
          formerSeverities: [],
          openedAt: at(0),
          deadline: null,
          answer: null,
        },
      },
    },
  });
  const calm = { ...when(5), policy: policyOf({ severity: "info" }, 1000) };
  const sighting = sightingsIn([open]).get(INCIDENT);
  expect(nextMatterStep({ sighting, latest: 1, record: undefined }, calm)).toMatchObject({
    record: { delivery: { notice: { severity: "info", formerSeverities: [] } } },
  });
});

test("the controls as they were tell nobody again; a reminder comes when it is due, never overdue", () => {
  const record = opened();
  expect(step([open], record, 2999)).toEqual({ kind: "rest" });
  expect(isDue(record, when(2999))).toBe(false);
  const reminded = written([open], record, 3000);
  expect(reminded.delivery?.notice).toMatchObject({
    key: `${INCIDENT}.reminder-1`,
    kind: "reminder",
    summary: expect.stringMatching(
      /^Still open, reminder 1\. Incident inc-00000000000b of class B/,
    ),
  });
  const last = told(written([open], told(reminded, 3000), 6000), 6000);
  expect(step([open], last, 100_000_000)).toEqual({ kind: "rest" });
});

test("an emergency and its end are noted without a notice, and stand in the next one", () => {
  const declared = controls(2, { incidents: [incidentWith({ emergency: EMERGENCY })] });
  const noted = step([declared, open], opened(), 10);
  expect(noted).toMatchObject({ kind: "write", claimed: false, record: { latest: 2 } });
  if (noted.kind !== "write") throw new Error(noted.kind);
  expect(written([declared], noted.record, 3000).delivery?.notice.detail).toContain(
    `Emergency under OPS-1 by ada: cand-0001 may be changed outside Git until ${at(600_000)}.`,
  );
  const ended = incidentWith({ emergency: { ...EMERGENCY, ended: true } });
  const over = written([controls(3, { incidents: [ended] })], noted.record, 20);
  expect(over.detail).toContain(`The emergency under OPS-1 by ada is over since ${at(600_000)}.`);
});

test("a matter that the controls have no more is resolved by the entry that ended it", () => {
  const states = [
    controls(4),
    controls(3, { about: { kind: "incident-closed", id: "inc-1" } }),
    open,
  ];
  const record = written(states, opened(), 10);
  expect(record).toMatchObject({
    state: "answered",
    latest: 1,
    answeredBy: "eve",
    answer: "close-incident",
  });
  expect(record.delivery).toMatchObject({
    notice: {
      key: `${INCIDENT}.resolved`,
      detail: expect.stringContaining("Incident inc-1 closed by eve: "),
      answer: { by: "eve", what: "close-incident", at: at(3) },
    },
    waiting: [{ name: "one" }],
  });
  expect(record.delivery?.notice.facts).toEqual(opened().facts);
  const done = told(record, 10);
  for (const more of [states, [open]]) expect(step(more, done, 20)).toEqual({ kind: "rest" });
});

test("what was opened and ended between two looks is told as both", () => {
  const states = [controls(2), open];
  const first = written(states, undefined, 5);
  expect(first.delivery?.notice.key).toBe(`${INCIDENT}.open`);
  // Whoever tells it comes first.
  expect(step(states, first, 6)).toEqual({ kind: "wait" });
  expect(written(states, told(first, 6), 7).delivery?.notice.key).toBe(`${INCIDENT}.resolved`);
});

test("controls that are older than what is known end nothing", () => {
  const record = { ...opened(), latest: 7 };
  expect(step([controls(6)], record, 10)).toEqual({ kind: "rest" });
  expect(step([controls(7)], record, 10)).toMatchObject({
    record: { answer: "gone", answeredBy: null },
  });
});
