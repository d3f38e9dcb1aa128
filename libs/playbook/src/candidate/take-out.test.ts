import { adviceOn, inTerminal, particularsOf } from "@baton/views";
import { expect, test } from "vitest";
import { parse } from "yaml";

import batonText from "../../../../playbooks/baton.yaml?raw";
import { isPromoted } from "../format/promotion.ts";
import { arrivedAt, begun, loaded, shown, type Story } from "../testing/story.ts";

const baton = loaded(parse(batonText));

/** Asked whether the limits may be raised: its strategy runs at L0. */
function askedForRamp(): Story {
  const story = arrivedAt(baton, "shadow-paper");
  story.result();
  expect(story.entry().reason).toBe("APPROVAL_REQUIRED");
  return story;
}

/** Its strategy runs from an earlier run; the one it is in promotes nothing. */
function sentBack(): Story {
  const story = askedForRamp();
  story.command("send-back");
  expect(story.entry()).toMatchObject({ visited: ["research-intake"], promoted: true });
  return story;
}

const RUNNING: readonly (readonly [
  name: string,
  made: () => Story,
  command: "cancel" | "reject",
])[] = [
  ["rejected at live-ramp", askedForRamp, "reject"],
  ["cancelled while it is asked about", askedForRamp, "cancel"],
  ["cancelled in the ramp", () => arrivedAt(baton, "live-ramp"), "cancel"],
  ["cancelled while it is rolled out", () => arrivedAt(baton, "shadow-paper"), "cancel"],
  ["cancelled while it is watched", () => arrivedAt(baton, "continuous-monitoring"), "cancel"],
  ["cancelled with its evidence", () => arrivedAt(baton, "audit-evidence"), "cancel"],
  ["cancelled in a later run, which promotes nothing", sentBack, "cancel"],
  [
    "cancelled on hold",
    () => {
      const story = arrivedAt(baton, "live-ramp");
      story.command("pause");
      return story;
    },
    "cancel",
  ],
  [
    "cancelled while the kill switch stops it",
    () => {
      const story = arrivedAt(baton, "live-ramp");
      story.control("kill-switch");
      story.result();
      return story;
    },
    "cancel",
  ],
  [
    "rejected after its ramp failed for good",
    () => {
      const story = arrivedAt(baton, "live-ramp");
      story.result({ failure: "policy" });
      return story;
    },
    "reject",
  ],
];

test.each(RUNNING)("what runs is taken out of one %s, which then ends", (_, made, command) => {
  const story = made();
  expect(shown(story.command(command, { by: "kim", why: "no more of it" }))).toBe(
    "INCIDENT lane-f",
  );
  expect(story.entry()).toMatchObject({
    stage: "incident-recovery",
    hold: null,
    kept: null,
    promoted: true,
    about: { running: "taken-out-first" },
  });
  expect(particularsOf(story.entry())).toMatch(
    /by kim.*no more of it.*What it promoted is taken out of service/,
  );
  expect(shown(story.result())).toBe("STAGE_PASSED lane-f");
  expect(isPromoted(baton, story.entry())).toBe(false);
  expect(shown(story.result())).toBe("RECOVERED closed");
});

test.each([
  ["before anything was promoted", () => arrivedAt(baton, "policy-dry-run")],
  ["at its beginning", () => begun(baton)],
] as const)("a candidate that is cancelled %s is closed at once", (_, made) => {
  const story = made();
  expect(shown(story.command("cancel"))).toBe("CANCELLED closed");
  expect(particularsOf(story.entry())).not.toContain("may still run");
});

test("recovery that doesn't pass can be given up; what may still run is said, with what takes it out", () => {
  const story = askedForRamp();
  story.command("reject");
  expect(shown(story.result({ verdict: "fail" }))).toBe("GATE_FAILED review");
  expect(shown(story.command("cancel"))).toBe("CANCELLED closed");
  const { candidateId } = story.entry();
  expect(particularsOf(story.entry())).toContain("Its strategy may still run");
  expect(inTerminal(adviceOn(story.entry()))).toBe(
    `\`baton incident open --candidate ${candidateId} --why …\` takes its strategy out of service.`,
  );
});

test("an incident on all reaches one whose strategy an earlier run promoted, and none that recovery took out", () => {
  const running = sentBack();
  running.control("incident", { by: "olga", scope: { kind: "all" } });
  expect(shown(running.incident())).toBe("INCIDENT lane-f");
  const out = askedForRamp();
  out.command("reject");
  out.result();
  expect(out.entry().stage).toBe("audit-evidence");
  out.control("incident", { by: "olga", scope: { kind: "all" } });
  expect(shown(out.incident())).toBe("ignore stale");
});
