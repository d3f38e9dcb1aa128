import { Controls } from "@baton/contracts";
import {
  CALM,
  controlled,
  emergency,
  incidentOf,
  keptResult,
  lastOf,
  START_MS,
  stored,
} from "@baton/testkit";
import { describe, expect, test } from "vitest";

import { viewOf } from "./controls-view.ts";
import { renderControls, renderHistory } from "./render-controls.ts";

const shown = { now: START_MS + 120_000, width: 200 };
const render = (...of: Parameters<typeof viewOf>): string => renderControls(viewOf(...of), shown);

const opened = {
  wish: { type: "incident", class: "B", scope: { kind: "lane", lane: "lane-e" } },
} as const;
test("in a new mesh everything is said to be free", () => {
  expect(render(CALM, [])).toBe(
    "Kill switch: released\nIncidents:   none open\nTasks:       none, Git has every change\nStopped:     nobody\n",
  );
});

describe("the kill switch", () => {
  test("tells since when, by whom, why, and that it takes two", () => {
    const text = render(lastOf({ wish: { type: "kill-switch" } }), []);
    expect(text).toContain(
      "Kill switch: ENGAGED since 2026-03-01T12:00:00.000Z (2m) by ada: bad fills\n",
    );
    expect(text).toContain("do: two people within an hour: `baton kill-switch release");
  });

  test("tells who asked for its release, and that a second person is missing", () => {
    const text = render(
      lastOf(
        { wish: { type: "kill-switch" } },
        { wish: { type: "release-kill-switch" }, by: "ben", why: "fills are right" },
      ),
      [],
    );
    expect(text).toContain("release asked for by ben at 2026-03-01T12:00:01.000Z: fills are right");
    expect(text).toContain("counts until 2026-03-01T13:00:01.000Z");
    expect(text).toContain("do: a second person: ");
  });

  test("doesn't count a release that was asked for too long ago", () => {
    const last = lastOf(
      { wish: { type: "kill-switch" } },
      { wish: { type: "release-kill-switch" }, by: "ben" },
    );
    const later = { ...shown, now: START_MS + 2 * 3_600_000 };
    const text = renderControls(viewOf(last, []), later);
    expect(text).not.toContain("ben");
    expect(text).toContain("do: two people");
  });
});

describe("an incident", () => {
  const last = lastOf(opened, emergency(600));

  test("is a line with scope, class, age, emergency and who hasn't recovered", () => {
    const incident = { id: incidentOf(last), class: "B" as const, ticket: null, before: [] };
    const names = ["cand-one", "cand-two", "cand-three", "cand-four"];
    const entries = names.map((candidateId) => ({
      ...stored(1, 0, { incident }).entry,
      candidateId,
    }));
    const closed = stored(2, 0, { incident, holder: "closed" }).entry;
    const text = render(last, [...entries, closed]);
    expect(text).toMatch(
      new RegExp(
        `^ {2}${incident.id} +B +lane-e +2m +ada +OPS-1 on cand-sample, ends in 8m1s +cand-one, cand-two, cand-three and 1 more +bad fills$`,
        "m",
      ),
    );
  });

  test("whose emergency is over says so, and its change is still a task", () => {
    const text = render(lastOf(opened, emergency(600), { expiredAtMs: 700_000 }), []);
    expect(text).toContain("OPS-1 over");
    expect(text).toMatch(/^ {2}task-[0-9a-f]{12} +cand-sample +OPS-1 +inc-/m);
  });
});

test("those that are stopped are counted by reason, a hold isn't one of them", () => {
  const kept = keptResult();
  const stop = { holder: "review", awaits: null, kept } as const;
  const entries = [
    stored(1, 0, { ...stop, reason: "KILL_SWITCH" }).entry,
    stored(2, 0, { ...stop, reason: "KILL_SWITCH" }).entry,
    stored(3, 0, { ...stop, reason: "FROZEN" }).entry,
    stored(4, 0, { ...stop, reason: "PAUSED" }).entry,
  ];
  const text = render(lastOf({ wish: { type: "kill-switch" } }), entries);
  expect(text).toContain("Stopped:     2 KILL_SWITCH, 1 FROZEN: ");
});

test("the history is a line per change, with who made it", () => {
  const text = renderHistory(
    controlled(opened, emergency(600), { expiredAtMs: 700_000 }),
    shown.width,
  );
  const [head, ...lines] = text.trimEnd().split("\n");
  expect(head).toMatch(/^SEQ +TIME +WHAT +BY +SIGNED +DETAIL$/);
  expect(lines.map((line) => line.split(/ {2,}/).slice(2, 4))).toEqual([
    ["incident", "ada"],
    ["emergency", "ada"],
    ["expired", "-"],
  ]);
  expect(renderHistory([], shown.width)).toBe("Nothing was ever controlled.\n");
});

test("text from elsewhere can't command the terminal", () => {
  const { sequence, controls } = lastOf({ wish: { type: "kill-switch" } });
  const text = JSON.stringify(controls).replaceAll("bad fills", String.raw`\u001b[2J gone`);
  // What another release wrote is taken as it is.
  const last = { sequence, controls: Controls.parse(JSON.parse(text)) };
  expect(render(last, [])).toContain(String.raw`\u001b[2J gone`);
  expect(render(last, [])).not.toContain("\u001b");
  expect(renderHistory([last], shown.width)).not.toContain("\u001b");
});
