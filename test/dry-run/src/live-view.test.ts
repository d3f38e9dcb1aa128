import { describe, expect, test } from "vitest";

import { renderBoard } from "./live-view.ts";
import { loadStories } from "./stories.ts";

const stories = loadStories(undefined);
const [first] = stories;

/** Without colours. */
function plain(text: string): string {
  // oxlint-disable-next-line eslint/no-control-regex -- colours are control characters
  return text.replaceAll(/\u001b\[\d+m/g, "");
}

function board(changes: Partial<Parameters<typeof renderBoard>[0]> = {}) {
  return {
    phase: "playing",
    stories,
    stages: ["research-intake", "candidate-build", "live-ramp"],
    latest: new Map(),
    told: [],
    startedMs: performance.now(),
    ...changes,
  };
}

function at(holder: string, stage: string, summary: string) {
  const about = { kind: "passed", stage, summary };
  const entry = { holder, stage, reason: "STAGE_PASSED", about, review: null };
  return new Map([[first?.candidateId ?? "", { sequence: 1, storedAt: 0, entry }]]);
}

describe("the board", () => {
  test("has a line per candidate, and none for the duplicate", () => {
    const lines = plain(renderBoard(board(), 100)).split("\n");
    expect(lines.filter((line) => line.includes("▱▱▱"))).toHaveLength(8);
    expect(lines[2]).toBe("trend         ▱▱▱");
  });

  test("shows how far a candidate has come, and never more than the terminal is wide", () => {
    // @ts-expect-error -- an entry has more; the board looks at these
    const moving = board({ latest: at("lane-b", "candidate-build", "x".repeat(300)) });
    const line = plain(renderBoard(moving, 100)).split("\n")[2] ?? "";
    expect(line).toMatch(
      /^trend {9}▰▱▱ {2}lane-b candidate-build +STAGE_PASSED {2}candidate-build passed: x+…$/,
    );
    expect(line.length).toBeLessThanOrEqual(100);
  });

  test("shows what comes from elsewhere without what a terminal would obey", () => {
    // @ts-expect-error -- an entry has more; the board looks at these
    const nasty = board({ latest: at("closed", "live-ramp", "\u001b]0;gotcha\u0007") });
    const text = renderBoard(nasty, 140);
    expect(text).toContain("▰▰▰");
    expect(text).toContain("\\u001b]0;gotcha\\u0007");
  });
});
