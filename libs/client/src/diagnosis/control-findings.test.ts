import { CALM, emergency, keptResult, lastOf, START_MS, stored } from "@baton/testkit";
import { describe, expect, test } from "vitest";

import { controlFindings, stuckFindings } from "./examine-controls.ts";

const engage = { wish: { type: "kill-switch" } } as const;
const open = {
  wish: { type: "incident", class: "B", scope: { kind: "candidate", candidateId: "cand-sample" } },
} as const;
const at = (ms: number): number => START_MS + ms;

test("where nothing is stopped it's well", () => {
  expect(controlFindings(CALM, at(0))).toMatchObject([{ level: "ok", about: "controls" }]);
});

test("an engaged kill switch and an open incident are told, with what ends them, and are no faults", () => {
  const found = controlFindings(lastOf(engage, open), at(61_000));
  expect(found.map(({ level, about }) => [level, about])).toEqual([
    ["note", "kill switch"],
    ["note", "incident"],
  ]);
  expect(found[0]?.found).toBe("engaged for 1m1s by ada: bad fills");
  expect(found[0]?.repair).toContain("`baton kill-switch release --why …`");
  expect(found[1]?.found).toContain("of class B on cand-sample, open for 1m, by ada");
  expect(found[1]?.repair).toContain("`baton incident close inc-");
});

describe("an emergency", () => {
  const declared = lastOf(open, emergency(3600));
  const finding = (state: Parameters<typeof controlFindings>[0], ms: number) =>
    controlFindings(state, at(ms)).find(({ about }) => about === "emergency");

  test("that lasts is told, and when it ends soon, that too", () => {
    expect(finding(declared, 2000)).toMatchObject({ level: "note", repair: undefined });
    expect(finding(declared, 3_301_000)).toMatchObject({
      level: "note",
      found: expect.stringContaining("ends in 5m"),
      repair: expect.stringContaining("Finish the change"),
    });
  });

  test("that is over and that nobody ended is a fault: no coordinator runs", () => {
    expect(finding(declared, 3_640_000)).toMatchObject({
      level: "fault",
      repair: expect.stringContaining("Start the coordinator"),
    });
  });

  test("that was ended is only told, its change is a task until Git has it", () => {
    const ended = lastOf(open, emergency(3600), { expiredAtMs: 3_602_000 });
    const found = controlFindings(ended, at(3_700_000));
    expect(found.map(({ level, about }) => [level, about])).toEqual([
      ["note", "incident"],
      ["note", "emergency"],
      ["note", "task"],
    ]);
    expect(found[2]?.repair).toMatch(/`baton close-task task-[0-9a-f]{12} --commit SHA/);
  });
});

describe("a candidate that stands still although nothing stops it", () => {
  const kept = keptResult();
  const by = {
    kind: "kill-switch",
    since: "2026-03-01T12:00:00.000Z",
    by: "ada",
    why: "x",
  } as const;
  const about = { kind: "stopped", stage: "bench-2", by } as const;
  const stop = { holder: "review", awaits: null, kept, reason: "KILL_SWITCH", about } as const;
  const entries = [stored(1, 0, stop)];

  test("is a fault once a coordinator should have let it go on", () => {
    expect(stuckFindings(entries, { stored: CALM }, at(10_000))).toEqual([]);
    expect(stuckFindings(entries, { stored: CALM }, at(31_000))).toMatchObject([
      { level: "fault", found: "cand-sample still stands for KILL_SWITCH, which is over" },
    ]);
  });

  test("is none while the switch is engaged, or while nobody knows", () => {
    expect(stuckFindings(entries, { stored: lastOf(engage) }, at(99_000))).toEqual([]);
    expect(stuckFindings(entries, undefined, at(99_000))).toEqual([]);
  });
});
