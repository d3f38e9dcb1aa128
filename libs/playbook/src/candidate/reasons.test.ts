/** The catalogue of reasons held against the core: every code is reached, and what is suggested there is taken. */
import { type CommandType, type Reason, REASONS } from "@baton/contracts";
import { actsOf, adviceOn, type Phrase } from "@baton/views";
import { expect, test } from "vitest";
import { parse } from "yaml";

import batonText from "../../../../playbooks/baton.yaml?raw";
import { violationsIn, violationsOf } from "../testing/invariants.ts";
import { REASON_SCENARIOS } from "../testing/reason-scenarios.ts";
import { loaded, type Story } from "../testing/story.ts";

const playbook = loaded(parse(batonText));
/** The same with one run for each candidate: whatever it asks, it asks in its last one. */
const once = loaded({ ...parse(batonText), limits: { maxIterations: 1 } });
const ANSWERS = ["approve", "reject", "pause", "resume", "send-back", "cancel"] as const;

/** The story that ends with `code`; fails with what to add where there is none. */
function told(code: Reason, by = playbook): Story {
  const scenario = REASON_SCENARIOS.find(([one]) => one === code)?.[1];
  if (!scenario)
    throw new Error(
      `${code} has no scenario: add to SCENARIOS in libs/playbook/src/testing/reason-scenarios.ts what has to happen until decide() gives an entry with it`,
    );
  return scenario(by);
}

/** Commands that a text names as something to type. */
function named(text: string): CommandType[] {
  return ANSWERS.filter((type) => text.includes(`\`baton ${type}`));
}

/** Commands that an advice names as something to do. */
function commandsIn(advice: Phrase): CommandType[] {
  const verbs = actsOf(advice).map(({ verb }) => verb);
  return ANSWERS.filter((type) => verbs.includes(type));
}

/** The same story told again, and `type` asked for at its end. */
function asked(code: Reason, type: CommandType, by = playbook): string {
  const decision = told(code, by).command(type, { by: "eve" });
  return decision.kind === "reject" ? `${decision.code}: ${decision.message}` : decision.kind;
}

const codes = REASON_SCENARIOS.map(([code]) => code);
const asking = codes.filter((code) => REASONS[code].state === "human");

test.each(codes)("%s is reached: the core decides an entry with it", (code) => {
  const story = told(code);
  const last = story.told.at(-1)?.decision;
  expect(last).toMatchObject({ kind: "append", entry: { reason: code } });
  expect(story.told.flatMap(violationsOf)).toEqual([]);
  expect(violationsIn(story)).toEqual([]);
});

test.each(codes)("%s is in the state that the catalogue says", (code) => {
  const { holder } = told(code).entry();
  const stands = holder === "review" ? "human" : holder === "closed" ? "closed" : "lane";
  const { state } = REASONS[code];
  expect(stands).toBe(state === "human" || state === "closed" ? state : "lane");
});

test.each(codes)("what the catalogue suggests at %s is taken by the core", (code) => {
  const suggested = named(REASONS[code].action);
  expect(suggested.map((type) => [type, asked(code, type)])).toEqual(
    suggested.map((type) => [type, "append"]),
  );
});

test.each(asking)(
  "what the question suggests at %s is one of its answers, and is taken",
  (code) => {
    const entry = told(code).entry();
    const { review } = entry;
    const suggested = commandsIn(adviceOn(entry));
    expect(review?.answers?.map(({ command }) => command)).toEqual(
      expect.arrayContaining(suggested),
    );
    expect(suggested.map((type) => [type, asked(code, type)])).toEqual(
      suggested.map((type) => [type, "append"]),
    );
  },
);

const offeredAt = (code: Reason, by = playbook) =>
  told(code, by)
    .entry()
    .review?.answers?.map(({ command }) => command) ?? [];
/** Where a pause isn't offered it is no answer: it keeps a late result from answering. */
const takenAt = (code: Reason, by = playbook) => {
  const offered = offeredAt(code, by);
  const answers = ANSWERS.filter((type) => type !== "pause" || offered.includes(type));
  return answers.filter((type) => asked(code, type, by) === "append");
};

test.each(asking)("every answer that %s offers is taken, and nothing else", (code) => {
  expect(offeredAt(code).toSorted()).toEqual(takenAt(code).toSorted());
});

test.each(asking.filter((code) => code !== "TRANSITION_DENIED"))(
  "%s in a candidate's last run offers no further run",
  (code) => {
    expect(told(code, once).entry().reason).toBe(code);
    expect(offeredAt(code, once).toSorted()).toEqual(takenAt(code, once).toSorted());
    const suggested = commandsIn(adviceOn(told(code, once).entry()));
    expect(takenAt(code, once)).toEqual(expect.arrayContaining(suggested));
  },
);
