import { isDispatch, reasonText } from "@baton/contracts";
import { particularsOf } from "@baton/views";
import { expect, test } from "vitest";
import { parse } from "yaml";

import batonText from "../../../../playbooks/baton.yaml?raw";
import { shiftInstant } from "../instant.ts";
import { appended, arrivedAt, begun, loaded, shown, Story } from "../testing/story.ts";
import type { Decision } from "./decision.ts";

const playbook = loaded(parse(batonText));
const STAGE = "shadow-paper";

/** Every state a submitted candidate can stand in, by the shortest way there. */
const STATES = {
  lane: () => arrivedAt(playbook, STAGE),
  retrying: () => told(arrivedAt(playbook, STAGE), (story) => story.attempt()),
  held: () => told(arrivedAt(playbook, STAGE), (story) => story.command("pause")),
  "held with result": () => told(held(), (story) => story.result()),
  "held and exhausted": () => told(held(), (story) => story.exhausted()),
  late: () => told(arrivedAt(playbook, STAGE), (story) => story.deadline()),
  crashing: () => told(arrivedAt(playbook, STAGE), (story) => story.exhausted()),
  asking: () =>
    // One of the two approvals it needs is given.
    told(
      told(arrivedAt(playbook, STAGE), (story) => story.result()),
      (story) => story.command("approve", { by: "dan" }),
    ),
  failed: () => told(arrivedAt(playbook, STAGE), (story) => story.result({ failure: "spec" })),
  closed: () => told(arrivedAt(playbook, "policy-dry-run"), (story) => story.command("cancel")),
} as const satisfies Record<string, () => Story>;

/** Everything that can happen. */
const HAPPENINGS = {
  submit: (story) => story.command("submit"),
  approve: (story) => story.command("approve"),
  reject: (story) => story.command("reject"),
  pause: (story) => story.command("pause"),
  resume: (story) => story.command("resume"),
  cancel: (story) => story.command("cancel"),
  pass: (story) => story.result(),
  fail: (story) => story.result({ verdict: "fail" }),
  inconclusive: (story) => story.result({ verdict: "inconclusive" }),
  "transient result": (story) => story.result({ failure: "transient", attempt: 5 }),
  "policy result": (story) => story.result({ failure: "policy" }),
  unproven: (story) => story.result({}, { nothing: true }),
  attempt: (story) => story.attempt({ attempt: 2 }),
  "spec attempt": (story) => story.attempt({ class: "spec", attempt: 2 }),
  deadline: (story) => story.deadline(),
  exhausted: (story) => story.exhausted(),
} as const satisfies Record<string, (story: Story) => Decision>;

type State = keyof typeof STATES;
type Happens = keyof typeof HAPPENINGS;

function held(): Story {
  return told(arrivedAt(playbook, STAGE), (story) => story.command("pause"));
}

function told(story: Story, happening: (story: Story) => Decision): Story {
  appended(happening(story));
  return story;
}

const STALE = "ignore stale";
const DUPLICATE = "ignore duplicate";

/** State x happening: what it leads to. */
const TABLE: Record<State, Record<string, string>> = {
  lane: {
    ...moving(),
    ...results(),
    attempt: "RETRY_BACKOFF lane-e",
    deadline: "DEADLINE_PASSED review",
    exhausted: "LANE_CRASH_LOOP review",
  },
  retrying: {
    ...moving(),
    ...results(),
    attempt: "RETRY_BACKOFF lane-e",
    deadline: "DEADLINE_PASSED review",
    exhausted: "LANE_CRASH_LOOP review",
  },
  held: {
    submit: DUPLICATE,
    ...all("E_CONFLICT", ["approve", "reject", "pause"]),
    resume: "RESUMED lane-e",
    cancel: "INCIDENT lane-f",
    ...reports("PAUSED review"),
    deadline: STALE,
    exhausted: "PAUSED review",
  },
  "held with result": {
    submit: DUPLICATE,
    ...all("E_CONFLICT", ["approve", "reject", "pause"]),
    // Evidence is looked for when the hold is lifted; here nothing was.
    resume: "EVIDENCE_MISSING review",
    cancel: "INCIDENT lane-f",
    ...reports(STALE),
    deadline: STALE,
    exhausted: STALE,
  },
  "held and exhausted": {
    submit: DUPLICATE,
    ...all("E_CONFLICT", ["approve", "reject", "pause"]),
    resume: "RERUN lane-e",
    cancel: "INCIDENT lane-f",
    ...reports("PAUSED review"),
    attempt: DUPLICATE,
    "spec attempt": DUPLICATE,
    deadline: STALE,
    exhausted: DUPLICATE,
  },
  late: {
    ...asked(),
    pause: "PAUSED review",
    ...results(),
    attempt: "DEADLINE_PASSED review",
    deadline: STALE,
    exhausted: "LANE_CRASH_LOOP review",
  },
  crashing: {
    ...asked(),
    pause: "PAUSED review",
    ...results(),
    attempt: DUPLICATE,
    "spec attempt": DUPLICATE,
    deadline: STALE,
    exhausted: DUPLICATE,
  },
  asking: {
    ...asked(),
    approve: "APPROVED lane-e",
    resume: "E_CONFLICT",
    ...reports(STALE),
    deadline: STALE,
    exhausted: STALE,
  },
  failed: { ...asked(), ...reports(STALE), deadline: STALE, exhausted: STALE },
  closed: {
    submit: DUPLICATE,
    ...all("E_CONFLICT", ["approve", "reject", "pause", "resume", "cancel"]),
    ...reports(STALE),
    deadline: STALE,
    exhausted: STALE,
  },
};

function all(what: string, happenings: readonly Happens[]): Record<string, string> {
  return Object.fromEntries(happenings.map((one) => [one, what]));
}

function reports(what: string) {
  return all(what, [
    "pass",
    "fail",
    "inconclusive",
    "transient result",
    "policy result",
    "unproven",
    "attempt",
    "spec attempt",
  ]);
}

function results() {
  return {
    pass: "APPROVAL_REQUIRED review",
    fail: "INCIDENT lane-f",
    inconclusive: "GATE_INCONCLUSIVE review",
    "transient result": "RETRIES_EXHAUSTED review",
    "policy result": "POLICY_DENIED review",
    unproven: "EVIDENCE_MISSING review",
    "spec attempt": "SPEC_INVALID review",
  };
}

function moving() {
  return {
    submit: DUPLICATE,
    ...all("E_CONFLICT", ["approve", "reject", "resume"]),
    pause: "PAUSED review",
    cancel: "INCIDENT lane-f",
  };
}

function asked() {
  return {
    submit: DUPLICATE,
    ...all("E_CONFLICT", ["approve", "pause"]),
    reject: "INCIDENT lane-f",
    resume: "RERUN lane-e",
    cancel: "INCIDENT lane-f",
  };
}

const ROWS = new Map(Object.entries(TABLE));
const CASES = Object.entries(STATES).flatMap(([state, reach]) =>
  Object.entries(HAPPENINGS).map(([happens, tell]) => ({ state, happens, reach, tell })),
);

test.each(CASES)("$state, $happens", ({ state, happens, reach, tell }) => {
  const story = reach();
  const before = story.last();
  const decision = tell(story);
  expect(shown(decision)).toBe(ROWS.get(state)?.[happens]);
  const { sequence, entry } = story.last();
  const moved = decision.kind === "append";
  expect(sequence > before.sequence).toBe(moved);
  expect([entry.n, entry.prev]).toEqual(
    moved ? [before.entry.n + 1, before.sequence] : [before.entry.n, before.entry.prev],
  );
});

test.each(Object.entries(STATES))("%s: reason, holder and deadline fit together", (_, reach) => {
  const { entry } = reach().last();
  const { state } = reasonText(entry.reason);
  expect(entry.holder === "closed").toBe(state === "closed");
  expect(entry.holder === "review").toBe(state === "human");
  expect(entry.deadline === null).toBe(state === "closed");
  expect(entry.review === null).toBe(state !== "human");
  expect(entry.rule === null).toBe(state === "human" || state === "closed");
  expect(particularsOf(entry)).not.toBe("");
});

test("a candidate nobody submitted is unknown to commands and reports, and nothing to deadlines", () => {
  const known = begun(playbook);
  known.attempt();
  known.result();
  const nobody = new Story(playbook);
  const commands = ["approve", "reject", "pause", "resume", "cancel"] as const;
  expect(commands.map((type) => shown(nobody.command(type)))).toEqual(
    commands.map(() => "E_NOT_FOUND"),
  );
  for (const { question } of known.told.slice(1)) {
    expect(shown(nobody.ask(question.happening))).toBe("E_NOT_FOUND");
  }
  expect(shown(nobody.ask({ kind: "deadline" }))).toBe(STALE);
  expect(shown(nobody.ask({ kind: "exhausted", dispatch: 1, deliveries: 8 }))).toBe(STALE);
  expect(nobody.journal).toEqual([]);
});

test("a deadline that is still to come moves nothing", () => {
  const story = arrivedAt(playbook, STAGE);
  const deadline = story.entry().deadline ?? "";
  for (const [seconds, expected] of [
    [-1.001, "ignore early"],
    [-1, "DEADLINE_PASSED review"],
  ] as const) {
    // A story's clock goes on by a second before it asks.
    story.now = shiftInstant(deadline, seconds * 1000);
    expect(shown(story.ask({ kind: "deadline" }))).toBe(expected);
  }
});

test("a candidate travels through every stage and comes out closed", () => {
  const story = arrivedAt(playbook, "audit-evidence");
  expect(shown(story.result())).toBe("COMPLETED closed");
  const dispatches = story.journal.filter(({ entry }) => isDispatch(entry));
  expect(dispatches.map(({ entry }) => entry.stage)).toEqual(
    [...playbook.stages.keys()].filter((stage) => stage !== "incident-recovery"),
  );
  expect(new Set(dispatches.map(({ entry }) => entry.runId)).size).toBe(1);
});
