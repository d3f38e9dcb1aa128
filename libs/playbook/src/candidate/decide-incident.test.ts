import { incidentsOf } from "@baton/contracts";
import { adviceOn, inTerminal, particularsOf } from "@baton/views";
import { expect, test } from "vitest";
import { parse } from "yaml";

import batonText from "../../../../playbooks/baton.yaml?raw";
import { stageRule } from "../format/playbook.ts";
import { resultFor } from "../testing/reports.ts";
import { playOut } from "../testing/steps.ts";
import { arrivedAt, begun, loaded, shown, type Story } from "../testing/story.ts";

const baton = loaded(parse(batonText));

function openedOn(story: Story): void {
  const { candidateId } = story.entry();
  story.control("incident", { by: "olga", scope: { kind: "candidate", candidateId } });
}

const STATES: readonly (readonly [name: string, made: () => Story])[] = [
  ["with a lane, in its first stage", () => begun(baton)],
  ["with a lane, in a ramp", () => arrivedAt(baton, "live-ramp")],
  [
    "on hold",
    () => {
      const story = arrivedAt(baton, "gate-evaluation");
      story.command("pause");
      return story;
    },
  ],
  [
    "on hold with a kept result",
    () => {
      const story = arrivedAt(baton, "backtest-robustness");
      story.command("pause");
      story.result();
      return story;
    },
  ],
  [
    "waiting for an approval",
    () => {
      const story = arrivedAt(baton, "shadow-paper");
      story.result();
      return story;
    },
  ],
  [
    "failed",
    () => {
      const story = arrivedAt(baton, "shadow-paper");
      story.result({ failure: "policy" });
      return story;
    },
  ],
  [
    "stopped by the kill switch",
    () => {
      const story = arrivedAt(baton, "policy-dry-run");
      story.control("kill-switch");
      story.result();
      return story;
    },
  ],
  [
    "closed, its strategy running",
    () => {
      const story = begun(baton);
      playOut(story);
      return story;
    },
  ],
  [
    "in recovery already, by a gate",
    () => {
      const story = arrivedAt(baton, "live-ramp");
      story.result({ verdict: "fail" });
      return story;
    },
  ],
];

test.each(STATES)("an incident leads a candidate to recovery: %s", (_, made) => {
  const story = made();
  const before = story.entry();
  openedOn(story);
  expect(shown(story.incident())).toBe("INCIDENT lane-f");
  const { stage, hold, kept, review, incident, cause, guard } = story.entry();
  expect({ stage, hold, kept, review }).toEqual({
    stage: "incident-recovery",
    hold: null,
    kept: null,
    review: null,
  });
  expect(incident).toEqual({
    id: cause.kind === "incident" && cause.incidentId,
    class: "C",
    ticket: null,
    before: [],
  });
  expect(guard).toEqual({
    from: before.stage,
    to: "incident-recovery",
    rule: "transition_allowed",
  });
  expect(shown(story.incident())).toBe("ignore duplicate");
  // Its own incident doesn't keep it from being recorded.
  expect(shown(story.result())).toBe("STAGE_PASSED lane-f");
  expect(shown(story.result())).toBe("RECOVERED closed");
});

test("a recovery that is run again stays its incident's, so that one can't be closed meanwhile", () => {
  const story = arrivedAt(baton, "live-ramp");
  openedOn(story);
  story.incident();
  const { incident, runId } = story.entry();
  expect(shown(story.result({ verdict: "fail" }))).toBe("GATE_FAILED review");
  // A changed candidate would take nothing out of service: what is advised is to run recovery again.
  const { candidateId } = story.entry();
  const advice = inTerminal(adviceOn(story.entry()));
  expect(advice).toContain(`\`baton resume ${candidateId} --why …\` runs incident-recovery again`);
  expect(advice).not.toContain("as a new one");
  expect(shown(story.command("resume"))).toBe("RERUN lane-f");
  expect(story.entry()).toMatchObject({ stage: "incident-recovery", incident });
  expect(story.entry().runId).not.toBe(runId);
  expect(shown(story.incident())).toBe("ignore duplicate");
});

test("two incidents lead it to recovery once each, and both are its recovery's (I2)", () => {
  const story = arrivedAt(baton, "live-ramp");
  openedOn(story);
  openedOn(story);
  expect([shown(story.incident(0)), shown(story.incident(1))]).toEqual([
    "INCIDENT lane-f",
    "INCIDENT lane-f",
  ]);
  expect([shown(story.incident(0)), shown(story.incident(1))]).toEqual([
    "ignore duplicate",
    "ignore duplicate",
  ]);
  const ids = story.controls.last()?.controls.incidents.map(({ id }) => id) ?? [];
  expect(incidentsOf(story.entry())).toEqual(ids.toReversed());
  expect(shown(story.result())).toBe("STAGE_PASSED lane-f");
});

test("nobody sends it back before it has recovered; giving it up is left to people", () => {
  const story = arrivedAt(baton, "live-ramp");
  story.control("incident", { scope: { kind: "lane", lane: "lane-e" } });
  story.incident();
  story.result({ verdict: "fail" });
  expect(story.entry().reason).toBe("GATE_FAILED");
  expect(shown(story.command("send-back"))).toBe("E_GUARD");
  expect(shown(story.command("cancel"))).toBe("CANCELLED closed");
});

test("the result of what was in flight doesn't count any more", () => {
  const story = arrivedAt(baton, "live-ramp");
  const dispatch = story.dispatched();
  openedOn(story);
  story.incident();
  expect(particularsOf(story.entry())).toContain(
    "live-ramp was in flight: lane-e is told to stop, its result won't count",
  );
  const late = resultFor(dispatch, stageRule(story.playbook, dispatch.entry.stage));
  expect(shown(story.report(late))).toBe("ignore stale");
});

test("of all, those that were promoted in this run; the others are frozen where they go next", () => {
  const promoted = arrivedAt(baton, "continuous-monitoring");
  promoted.control("incident", { scope: { kind: "all" } });
  expect(shown(promoted.incident())).toBe("INCIDENT lane-f");
  const early = arrivedAt(baton, "gate-evaluation");
  early.control("incident", { scope: { kind: "all" } });
  expect(shown(early.incident())).toBe("ignore stale");
  expect(shown(early.result())).toBe("FROZEN review");
});

test("of a lane, those that were promoted and are with that lane", () => {
  const ramping = arrivedAt(baton, "live-ramp");
  ramping.control("incident", { scope: { kind: "lane", lane: "lane-f" } });
  expect(shown(ramping.incident())).toBe("ignore stale");
  ramping.control("incident", { scope: { kind: "lane", lane: "lane-e" } });
  expect(shown(ramping.incident())).toBe("INCIDENT lane-f");
});

test("a second incident leads to recovery again, in a new run (J3)", () => {
  const story = arrivedAt(baton, "live-ramp");
  openedOn(story);
  story.incident();
  const first = story.entry().runId;
  openedOn(story);
  expect(shown(story.incident())).toBe("INCIDENT lane-f");
  expect(story.entry().runId).not.toBe(first);
});

test("an emergency's ticket is kept with the recovery that it allows to act outside Git", () => {
  const story = arrivedAt(baton, "live-ramp");
  openedOn(story);
  const incidentId = story.controls.last()?.controls.incidents[0]?.id ?? "";
  story.control("emergency", { incidentId, candidateId: story.entry().candidateId });
  story.incident();
  expect(story.entry().incident?.ticket).toBe("OPS-17");
});

test("an incident that was closed meanwhile leads nowhere", () => {
  const story = arrivedAt(baton, "live-ramp");
  openedOn(story);
  const incidentId = story.controls.last()?.controls.incidents[0]?.id ?? "";
  story.control("close-incident", { incidentId });
  expect(shown(story.ask({ kind: "incident", incidentId }))).toBe("ignore stale");
});
