import { expect, test } from "vitest";

import { causeOf, classify } from "./incident-class.ts";
import { gateFailure, journalEntry } from "./testing/journal.ts";

test.each([
  ["data: data_drift: NDX is 04d0, declared was 7777", "A"],
  ["kill-switch_drill: rollback_checks_missing_or_failed: kill-switch: cancel", "B"],
  ["run_hash: run_hash_drift: the engine runs nothing", "C"],
  ["run_hash: reconciliation_mismatch: its account isn't where its version wants it", "B"],
  ["performance: performance_drift: sharpe -1 is below the backtest's p01", "D"],
  ["E_GIT_UNAVAILABLE: git fetch ended with 128", "C"],
  ["E_BROKER_UNAVAILABLE: the broker can't be asked", "B"],
  ["something that nobody thought of", "C"],
] as const)("%s is of class %s", (reason, expected) => {
  expect(classify([reason])[0]).toBe(expected);
});

test("the gravest of several classes is the incident's, the others are kept", () => {
  expect(classify(["performance_drift: x", "data_drift: y", "reconciliation_mismatch: z"])).toEqual(
    ["B", "A", "D"],
  );
});

test("a gate, a failure and a person are told apart", () => {
  const gate = gateFailure("live-ramp", ["ramp: verification failed"]);
  expect(causeOf([journalEntry(2, gate)])).toEqual({
    stage: "live-ramp",
    declaredBy: "gate",
    reasons: ["ramp: verification failed"],
    incident: undefined,
    ended: false,
  });
  const failure = {
    class: "deterministic",
    code: "E_GIT_CONFLICT",
    message: "conflict",
    action: "look",
  } as const;
  const guard = { from: "shadow-paper", to: "incident-recovery", rule: "x" };
  expect(causeOf([journalEntry(2, { failure, guard })])).toEqual({
    stage: "shadow-paper",
    declaredBy: "failure",
    reasons: ["E_GIT_CONFLICT: conflict"],
    incident: undefined,
    ended: false,
  });
  const cause = {
    kind: "command",
    commandId: "cmd-000001",
    type: "incident",
    by: "ops",
    why: "orders look odd",
  } as const;
  expect(causeOf([journalEntry(2, { cause, stage: "live-ramp" })])).toEqual({
    stage: "live-ramp",
    declaredBy: "person",
    reasons: ["orders look odd"],
    incident: undefined,
    ended: false,
  });
});

test("an incident that people opened keeps its id, class and reason over approvals and repetitions", () => {
  const incident = { id: "inc-0123456789ab", class: "A" as const, ticket: null, before: [] };
  const opening = journalEntry(2, {
    incident,
    stage: "incident-recovery",
    guard: { from: "backtest-robustness", to: "incident-recovery", rule: "transition_allowed" },
    cause: {
      kind: "incident",
      incidentId: incident.id,
      class: "A",
      by: "ann",
      why: "the closes look wrong",
    },
  });
  const again = journalEntry(3, {
    incident,
    stage: "incident-recovery",
    cause: { kind: "command", commandId: "cmd-000001", type: "resume", by: "ben", why: "again" },
  });
  const expected = {
    stage: "backtest-robustness",
    declaredBy: "person",
    reasons: ["the closes look wrong"],
    incident: { id: incident.id, class: "A" },
    ended: false,
  };
  expect(causeOf([opening])).toEqual(expected);
  expect(causeOf([opening, again])).toEqual(expected);
});
