import { expect, test } from "vitest";
import { parse } from "yaml";

import policyText from "../testing/public-policy.yaml?raw";
import { loaded } from "../testing/story.ts";
import { checkTransition, type TransitionRequest } from "./guard.ts";

const playbook = loaded(parse(policyText));

type Changes = Omit<Partial<TransitionRequest>, "state"> & {
  state?: Partial<TransitionRequest["state"]>;
};

/** A request that is allowed, from rollback-readiness to policy-dry-run, with changes. */
function ask(changes: Changes = {}) {
  const { state, ...rest } = changes;
  return checkTransition(playbook, {
    candidateId: "cand-a1b2c3",
    runId: "run-000001",
    from: "rollback-readiness",
    to: "policy-dry-run",
    previousArtifact: true,
    previousGatePassed: true,
    riskControlsPassed: true,
    executionControlsPassed: true,
    mode: "gitops",
    emergencyTicket: null,
    ...rest,
    state: {
      candidateId: "cand-a1b2c3",
      runId: "run-000001",
      activeStage: "rollback-readiness",
      paused: false,
      ...state,
    },
  });
}

const refused = (reason: string, nextAction = "halt") => ({ allowed: false, reason, nextAction });
const allowed = { allowed: true, reason: "transition_allowed", nextAction: "proceed" };

/** Every rule, in the order in which they apply: each request breaks one more rule than the next. */
const RULES: readonly (readonly [reason: string, nextAction: string, breaks: Changes])[] = [
  ["unknown_stage:nowhere", "halt", { to: "nowhere" }],
  ["unknown_stage:elsewhere", "halt", { from: "elsewhere" }],
  ["unknown_stage:somewhere", "halt", { state: { activeStage: "somewhere" } }],
  [
    "active_stage_mismatch:live-ramp",
    "halt",
    { from: "rollback-readiness", state: { activeStage: "live-ramp" } },
  ],
  ["missing_run_id", "halt", { state: { runId: "" } }],
  ["run_mismatch:run-000002", "halt", { state: { runId: "run-000002" } }],
  ["missing_source_stage", "halt", { from: null, state: { activeStage: null } }],
  ["illegal_transition:rollback-readiness->live-ramp", "halt", { to: "live-ramp" }],
  ["missing_candidate_id", "halt", { state: { candidateId: "" } }],
  ["candidate_mismatch", "halt", { state: { candidateId: "cand-other1" } }],
  ["candidate_paused_for_review", "human_review", { state: { paused: true } }],
  ["missing_previous_artifact", "halt", { previousArtifact: false }],
  ["previous_gate_failed", "rollback", { previousGatePassed: false }],
  ["risk_controls_not_passed", "rollback", { riskControlsPassed: false }],
  ["execution_controls_not_passed", "rollback", { executionControlsPassed: false }],
];

test("the public example is allowed", () => {
  expect(ask()).toEqual(allowed);
});

test.each(RULES)("%s -> %s", (reason, nextAction, breaks) => {
  expect(ask(breaks)).toEqual(refused(reason, nextAction));
});

test.each(
  RULES.map(([reason, nextAction, breaks], index) => ({ reason, nextAction, breaks, index })),
)("$reason is found before every rule after it", ({ reason, nextAction, breaks, index }) => {
  const later = RULES.slice(index + 1).map((rule) => rule[2]);
  const all: Changes = Object.assign({}, ...later, breaks);
  const state = Object.assign({}, ...later.map((one) => one.state), breaks.state);
  expect(ask({ ...all, state })).toEqual(refused(reason, nextAction));
});

test("a mutable stage takes gitops and nothing else", () => {
  const ramp = {
    from: "shadow-paper",
    to: "live-ramp",
    state: { activeStage: "shadow-paper" },
  };
  const denied = refused("mutable_action_requires_gitops_or_ticketed_emergency");
  expect(ask(ramp)).toEqual(allowed);
  expect(ask({ ...ramp, mode: "emergency" })).toEqual(denied);
  expect(ask({ ...ramp, mode: "emergency", emergencyTicket: "INC-1" })).toEqual(denied);
});

test.each([
  [null, false],
  ["", false],
  [" \t\n", false],
  ["INC-1", true],
])("an emergency with ticket %j opens the recovery stage: %s", (emergencyTicket, opens) => {
  const recovery = { to: "incident-recovery", mode: "emergency", emergencyTicket } as const;
  expect(ask(recovery).allowed).toBe(opens);
});

test("an emergency needs no ticket where nothing is changed", () => {
  expect(ask({ mode: "emergency" })).toEqual(allowed);
});

test("a held candidate, or one whose controls failed, may enter its recovery stage", () => {
  const down = {
    to: "incident-recovery",
    state: { paused: true },
    previousGatePassed: false,
    riskControlsPassed: false,
    executionControlsPassed: false,
  };
  expect(ask(down)).toEqual(allowed);
  expect(ask({ ...down, previousArtifact: false })).toEqual(refused("missing_previous_artifact"));
});

test("recovery isn't open to a stage that has no such edge", () => {
  const early = { from: "gate-evaluation", state: { activeStage: "gate-evaluation" } };
  expect(ask({ ...early, to: "incident-recovery" })).toEqual(
    refused("illegal_transition:gate-evaluation->incident-recovery"),
  );
});

test("without an active stage only the start may be entered", () => {
  const fresh = { state: { activeStage: null }, from: null } as const;
  const start = { ...fresh, to: "research-intake" };
  expect(ask({ ...start, previousArtifact: false, previousGatePassed: false })).toEqual(allowed);
  expect(ask({ ...start, state: { activeStage: null, candidateId: "cand-other1" } })).toEqual(
    refused("candidate_mismatch"),
  );
  expect(ask({ ...fresh, from: "rollback-readiness" })).toEqual(refused("missing_source_stage"));
});

test("exactly the edges of the playbook are legal", () => {
  const names = [...playbook.stages.keys()];
  const legal = names.flatMap((from) =>
    names
      .filter((to) => ask({ from, to, state: { activeStage: from } }).allowed)
      .map((to) => `${from}->${to}`),
  );
  const listed = [...playbook.stages.values()].flatMap(({ stage, to }) =>
    to.map((one) => `${stage}->${one}`),
  );
  expect(legal.toSorted()).toEqual(listed.toSorted());
  expect(legal).toHaveLength(19);
});
