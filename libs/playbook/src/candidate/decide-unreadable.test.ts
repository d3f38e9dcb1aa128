/** Results that can't be taken: whoever waits for one hears of it at once, and nobody else. */
import { adviceOn, inTerminal, particularsOf } from "@baton/views";
import { expect, test } from "vitest";
import { parse } from "yaml";

import batonText from "../../../../playbooks/baton.yaml?raw";
import { arrivedAt, begun, loaded, shown, type Story } from "../testing/story.ts";

const playbook = loaded(parse(batonText));
const STAGE = "candidate-build";
const ASKED = "RESULT_UNREADABLE review";
const STALE = "ignore stale";

const SPOILED: Readonly<Record<string, (story: Story) => ReturnType<Story["unreadable"]>>> = {
  "can't be read": (story) => story.unreadable("v: Invalid input: expected 1"),
  "answers an earlier entry": (story) => story.result({ answers: story.dispatched().sequence - 1 }),
  "answers an entry that isn't there": (story) =>
    story.result({ answers: story.dispatched().sequence + 1000 }),
};

test.each(Object.entries(SPOILED))("a result that %s asks a person at once", (what, spoil) => {
  const story = arrivedAt(playbook, STAGE);
  const { entry } = story.dispatched();
  expect(shown(spoil(story))).toBe(ASKED);
  expect(story.entry()).toMatchObject({ awaits: null, stage: STAGE, runId: entry.runId });
  expect(particularsOf(story.entry())).toMatch(
    /^The result of candidate-build of run-[0-9a-f]+ \(REPORTS 9\d\d, by lane-b\) can't be taken: /,
  );
  expect(inTerminal(adviceOn(story.entry()))).toContain("`baton resume cand-");
  // Delivered again it changes nothing, and nothing else is waited for.
  expect(shown(spoil(story))).toBe(what.endsWith("isn't there") ? "E_NOT_FOUND" : STALE);
  expect(shown(story.result())).toBe(STALE);
  expect(shown(story.deadline())).toBe(STALE);
  expect(shown(story.command("resume"))).toBe("RERUN lane-b");
  expect(story.entry().runId).not.toBe(entry.runId);
  expect(shown(story.result())).toBe("STAGE_PASSED lane-c");
});

test.each(Object.entries(SPOILED))(
  "a result that %s during a hold isn't waited for",
  (_, spoil) => {
    const story = arrivedAt(playbook, STAGE);
    story.command("pause");
    expect(shown(spoil(story))).toBe("PAUSED review");
    expect(story.entry()).toMatchObject({ awaits: null, kept: null });
    expect(story.entry().hold).not.toBeNull();
    expect(shown(story.command("resume"))).toBe("RERUN lane-b");
  },
);

test.each(Object.entries(SPOILED))(
  "a result that %s changes the question about a late lane",
  (_, spoil) => {
    const story = arrivedAt(playbook, STAGE);
    story.wait(1e6);
    story.deadline();
    expect(shown(spoil(story))).toBe(ASKED);
  },
);

test("what is stored elsewhere moves nobody: another lane, stage or run, or when nothing is awaited", () => {
  const story = arrivedAt(playbook, STAGE);
  const why = "not JSON (3 bytes)";
  for (const elsewhere of [
    { lane: "lane-c" },
    { stage: "research-intake" },
    { stage: "live-ramp", lane: "lane-e" },
    { runId: "run-of-another" },
  ] as const)
    expect(shown(story.unreadable(why, elsewhere))).toBe(STALE);
  expect(shown(story.result({ lane: "lane-c", answers: 1 }))).not.toBe(ASKED);
  expect(shown(story.result())).toBe("STAGE_PASSED lane-c");
  const closed = begun(playbook);
  closed.command("cancel");
  expect(shown(closed.unreadable(why))).toBe(STALE);
});
