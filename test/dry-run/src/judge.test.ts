import { expect, test } from "vitest";

import { judge } from "./judge.ts";
import { loadStories, type StoryName } from "./stories.ts";
import {
  APPROVALS,
  asItShouldBe,
  ASKS,
  done,
  entry,
  evidence,
  failedAttempt,
  gateEvaluation,
  incidentRecord,
  liveRamp,
  receipt,
} from "./testing/evidence.ts";

const stories = loadStories(undefined);

type World = ReturnType<typeof asItShouldBe>;

function differences(change: (world: World) => void = () => undefined): Record<string, string[]> {
  const world = asItShouldBe();
  change(world);
  const verdicts = judge(stories, { ...world.of, evidence: world.evidence });
  return Object.fromEntries(
    verdicts.filter(({ ok }) => !ok).map((one) => [one.name, [...one.differences]]),
  );
}

test("stories that went as they should are as expected", () => {
  expect(differences()).toEqual({});
});

test.each<[string, StoryName, (world: World) => void, RegExp]>([
  [
    "another end",
    "trend",
    ({ evidence: of }) =>
      of.set(
        "trend",
        evidence({
          entries: [entry({ ...ASKS, reason: "GATE_FAILED", approvals: APPROVALS })],
          artifacts: [liveRamp("L3")],
        }),
      ),
    /ended as GATE_FAILED at audit-evidence, holder review; expected COMPLETED/,
  ],
  [
    "an author who may approve",
    "trend",
    ({ of }) => void (of.played.refusedApprovals["by its author"] = undefined),
    /should have been refused as E_DENIED, but was accepted/,
  ],
  [
    "an approval on other evidence that counts",
    "trend",
    ({ of }) => void (of.played.refusedApprovals["on other evidence"] = undefined),
    /on other evidence should have been refused as E_CONFLICT, but was accepted/,
  ],
  [
    "a live ramp that one person approved",
    "trend",
    ({ evidence: of }) =>
      of.set(
        "trend",
        evidence({
          entries: [entry({ approvals: APPROVALS.slice(0, 1) })],
          artifacts: [liveRamp("L3")],
        }),
      ),
    /approved by risk@dry-run, not risk@dry-run, desk@dry-run/,
  ],
  [
    "a question of which nobody is reminded",
    "trend",
    ({ of }) => void (of.played.reminders = 0),
    /nobody was reminded of it/,
  ],
  [
    "a kill switch that is slow, stops too much, or is released by one",
    "trend",
    ({ of }) => {
      of.played.killSwitch = {
        orderStoppedAfterMs: 1001,
        reducingOrder: "refused (40310100)",
        promotion: undefined,
        tookTwo: false,
        orderAfter: "accepted",
      };
    },
    /1001 ms; at most 1000[^]*reduces the position was refused[^]*but was accepted[^]*one was enough/,
  ],
  [
    "a recovery that isn't through",
    "incident",
    ({ evidence: of }) => {
      const before = of.get("incident");
      if (before)
        of.set("incident", { ...before, artifacts: [incidentRecord(["reconciliation"])] });
    },
    /says inc-0123456789ab, 4 checks passed/,
  ],
  [
    "an approval that outlives what it was given on",
    "incident",
    ({ evidence: of }) => {
      const before = of.get("incident");
      const approvals = APPROVALS.slice(0, 1).map((one) => ({ ...one, used: true }));
      if (before)
        of.set("incident", {
          ...before,
          entries: [...before.entries, entry({ reason: "RECOVERED", approvals })],
        });
    },
    /given before are used; expected one, void/,
  ],
  [
    "an incident that stays open",
    "incident",
    ({ of }) => void (of.played.incident = undefined),
    /no incident led it/,
  ],
  [
    "a ramp that stopped early",
    "trend",
    ({ evidence: of }) =>
      of.set(
        "trend",
        evidence({ entries: [entry({ approvals: APPROVALS })], artifacts: [liveRamp("L2")] }),
      ),
    /live ramp is at L2/,
  ],
  [
    "a pack that doesn't verify",
    "trend",
    (world) => {
      const sealed = {
        trusted: true,
        manifest: undefined,
        commands: { signed: 0, unsigned: 0 },
      };
      const faults = [{ code: "E_PACK_ALTERED", message: "one byte" }] as const;
      world.of = { ...world.of, pack: { ...sealed, ok: false, faults } };
    },
    /doesn't verify: one byte/,
  ],
  [
    "a twin that passes gate 1 the second time",
    "curve-fitted",
    ({ evidence: of }) => {
      const before = of.get("curve-fitted");
      const artifacts = [gateEvaluation("fail"), gateEvaluation("pass")];
      if (before) of.set("curve-fitted", { ...before, artifacts });
    },
    /gate 1 failed in 1 of 2 gate reports/,
  ],
  [
    "delays that don't grow",
    "flaky-source",
    ({ evidence: of }) => {
      const before = of.get("flaky-source");
      const reports = [failedAttempt(1, 300), failedAttempt(2, 300), done(3)];
      if (before) of.set("flaky-source", { ...before, reports });
    },
    /delays of 300 and 300 ms don't grow/,
  ],
  [
    "a retried specification",
    "broken-spec",
    ({ evidence: of }) => {
      const before = of.get("broken-spec");
      if (before) of.set("broken-spec", { ...before, reports: [done(1), done(2)] });
    },
    /was attempted 2 times; expected once/,
  ],
  [
    "a duplicate that is taken for new",
    "duplicate",
    ({ of }) => {
      of.played.receipts[1] = { story: "duplicate", receipt: receipt(true, 9) };
    },
    /its receipt isn't the original one/,
  ],
  [
    "a backtest that the killed lane had answered already",
    "interrupted",
    ({ evidence: of }) => of.set("interrupted", evidence({ reports: [done(1)] })),
    /the last by delivery 1; expected one, by a later one/,
  ],
  [
    "a lane that nobody could kill",
    "interrupted",
    ({ of }) => void of.played.trouble.set("interrupted", "the backtest was over"),
    /the backtest was over/,
  ],
  [
    "a source that isn't the submitted one",
    "steady-climb",
    ({ evidence: of }) => of.set("steady-climb", evidence({})),
    /the run's source is absent/,
  ],
  [
    "a look ahead that passes",
    "peeking",
    ({ evidence: of }) => of.set("peeking", evidence({})),
    /ended with no failure/,
  ],
  [
    "a candidate that got lost",
    "flaky-source",
    ({ evidence: of }) => of.delete("flaky-source"),
    /the journal doesn't know it/,
  ],
])("%s is a difference", (_what, story, change, message) => {
  const found = differences(change);
  expect(Object.keys(found)).toEqual([story]);
  expect(found[story]?.join("\n")).toMatch(message);
});
