import { expect, test } from "vitest";

import { ask, type Case, file, folder, IDS, PUBLIC } from "./testing/ask-transition.ts";

const allowed = { allowed: true, reason: "transition_allowed", nextAction: "proceed", code: null };

test("an allowed move prints every key of the public guard and ours, sorted, and ends with 0", async () => {
  const { code, stdout, json } = await ask();
  expect(code).toBe(0);
  expect(json).toEqual({
    ...allowed,
    advice: "Hand policy-dry-run to lane-f.",
    lane: "lane-f",
    message: "rollback-readiness -> policy-dry-run is allowed",
    playbook: {
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      file: PUBLIC,
      version: "torghut-v3-orchestration-policy-v1",
    },
    toStage: "policy-dry-run",
  });
  const keys = Object.keys(json ?? {});
  expect(keys).toEqual(keys.toSorted());
  expect(stdout).toMatch(/^\{\n {2}"advice": .*\n\}\n$/s);
});

/** Every denial, in the order of the rules; each case breaks one more rule than the next. */
const DENIALS: readonly (readonly [reason: string, nextAction: string, breaks: Case])[] = [
  [
    "active_stage_mismatch:live-ramp",
    "halt",
    { state: { activeStage: "live-ramp" }, options: { "from-stage": "rollback-readiness" } },
  ],
  ["missing_run_id", "halt", { state: { runId: " " } }],
  ["run_mismatch:run-000002", "halt", { state: { runId: "run-000002" } }],
  ["missing_source_stage", "halt", { state: { activeStage: " " } }],
  [
    "illegal_transition:rollback-readiness->live-ramp",
    "halt",
    { options: { "to-stage": "live-ramp" } },
  ],
  ["missing_candidate_id", "halt", { state: { candidateId: null } }],
  ["candidate_mismatch", "halt", { state: { candidateId: "cand-other1" } }],
  ["candidate_paused_for_review", "human_review", { state: { paused: true } }],
  ["missing_previous_artifact", "halt", { options: { "previous-artifact": null } }],
  ["previous_gate_failed", "rollback", { options: { "previous-gate-passed": null } }],
  ["risk_controls_not_passed", "rollback", { options: { "risk-controls-passed": null } }],
  ["execution_controls_not_passed", "rollback", { options: { "execution-controls-passed": null } }],
];

test.each(DENIALS)("%s ends with 5 and %s", async (reason, nextAction, breaks) => {
  const { code, json } = await ask(breaks);
  expect(code).toBe(5);
  expect(json).toMatchObject({ allowed: false, reason, nextAction, code: "E_GUARD" });
  expect(json).toMatchObject({ lane: expect.any(String), toStage: expect.any(String) });
  expect(json).toMatchObject({ message: expect.any(String), advice: expect.any(String) });
});

test.each(
  DENIALS.map(([reason, nextAction, breaks], index) => ({ reason, nextAction, breaks, index })),
)("$reason is found before every rule after it", async ({ reason, nextAction, breaks, index }) => {
  const later = DENIALS.slice(index + 1).map(([, , one]) => one);
  const state = Object.assign({}, ...later.map((one) => one.state), breaks.state);
  const options = Object.assign({}, ...later.map((one) => one.options), breaks.options);
  const { code, json } = await ask({ state, options });
  expect({ code, ...json }).toMatchObject({ code: "E_GUARD", reason, nextAction });
});

const ramp = (options: Case["options"]): Case => ({
  state: { activeStage: "shadow-paper" },
  options: {
    "to-stage": "live-ramp",
    "previous-artifact": file({ ...IDS, stage: "shadow-paper" }),
    ...options,
  },
});
const recovery = (options: Case["options"], state = {}): Case => ({
  state,
  options: { "to-stage": "incident-recovery", ...options },
});
const TICKETLESS = "mutable_action_requires_gitops_or_ticketed_emergency";

test.each([
  ["gitops may ramp", ramp({}), "transition_allowed"],
  [
    "an emergency may not, ticket or not",
    ramp({ mode: "emergency", "emergency-ticket": "INC-1" }),
    TICKETLESS,
  ],
  [
    "an emergency with a ticket opens recovery",
    recovery({ mode: "emergency", "emergency-ticket": "INC-1" }),
    "transition_allowed",
  ],
  [
    "a ticket of blanks is none",
    recovery({ mode: "emergency", "emergency-ticket": " \t" }),
    TICKETLESS,
  ],
  ["an empty ticket is none", recovery({ mode: "emergency", "emergency-ticket": "" }), TICKETLESS],
  ["no ticket is none", recovery({ mode: "emergency" }), TICKETLESS],
  [
    "paused, gate and controls failed: recovery is open",
    recovery(
      {
        "previous-gate-passed": null,
        "risk-controls-passed": null,
        "execution-controls-passed": null,
      },
      { paused: true },
    ),
    "transition_allowed",
  ],
])("%s", async (_, breaks, reason) => {
  const { code, json } = await ask(breaks);
  expect(json).toMatchObject({ reason });
  expect(code).toBe(reason === "transition_allowed" ? 0 : 5);
});

test("without an active stage only the start may be entered, whatever --from-stage says", async () => {
  const fresh = { activeStage: undefined };
  const start = await ask({ state: fresh, options: { "to-stage": "research-intake" } });
  expect([start.code, start.json?.["reason"]]).toEqual([0, "transition_allowed"]);
  const claimed = await ask({ state: fresh, options: { "from-stage": "rollback-readiness" } });
  expect([claimed.code, claimed.json?.["reason"]]).toEqual([5, "missing_source_stage"]);
});

test.each([
  [
    "snake case keys",
    { candidateId: undefined, runId: undefined, candidate_id: IDS.candidateId, run_id: IDS.runId },
  ],
  [
    "blanks around names",
    { candidateId: ` ${IDS.candidateId} `, activeStage: " rollback-readiness\n" },
  ],
  ["null for what isn't there", { paused: null, failureCounts: null }],
  ["keys that are somebody else's", { alphaReadiness: { ready: true }, list: [1, [2]] }],
])("a state with %s is read", async (_, state) => {
  const { code } = await ask({ state });
  expect(code).toBe(0);
});

const gateReport = (changes: object) => ({
  schemaVersion: "baton.gate-report.v1",
  ...IDS,
  stage: "rollback-readiness",
  policyVersion: "1",
  verdict: "pass",
  gates: [{ gateId: "g", status: "pass", reasons: [] }],
  ...changes,
});

test.each([
  ["that doesn't exist", "/nonexistent/a.json", "no such file"],
  ["that is a directory", folder.path, "directory"],
  ["that is empty", file("", ".txt"), "it is empty"],
  ["that is empty JSON", file("{}"), "it is empty"],
  ["that is a blank JSON file", file(" \n"), "it is empty"],
  ["that isn't the JSON its name promises", file('{"a": 1,\n}'), "(line 2, column 1)"],
  [
    "of another candidate",
    file({ candidateId: "cand-other1" }),
    'its candidateId is "cand-other1"',
  ],
  ["of another run", file({ run_id: "run-000002" }), 'its run_id is "run-000002"'],
  ["of another stage", file({ stage: "live-ramp" }), 'its stage is "live-ramp"'],
  ["whose run is no text", file({ runId: { toString: "x" } }), "its runId is {"],
])("an artifact %s counts as missing", async (_, path, words) => {
  const { code, json } = await ask({ options: { "previous-artifact": path } });
  expect([code, json?.["reason"]]).toEqual([5, "missing_previous_artifact"]);
  expect(json?.["message"]).toContain(words);
});

test.each([
  ["without names", { rows: 1 }, ".json"],
  ["that is no JSON", "date,close\n2020-01-02,1", ".csv"],
  ["that only looks like JSON", "{notes}", ".txt"],
  ["that is a gate report with a pass", gateReport({}), ".json"],
])("an artifact %s can be relied on", async (_, content, name) => {
  const { code } = await ask({ options: { "previous-artifact": file(content, name) } });
  expect(code).toBe(0);
});

test.each([
  [
    "says fail",
    gateReport({ verdict: "fail", gates: [{ gateId: "g", status: "fail", reasons: [] }] }),
    "its verdict is fail",
  ],
  [
    "says pass though a gate failed",
    gateReport({ gates: [{ gateId: "g", status: "fail", reasons: [] }] }),
    "isn't what its gates say",
  ],
  ["has no gates", gateReport({ gates: [] }), "no valid gate report"],
  [
    "is the public format's, with a failed gate",
    { run_id: IDS.runId, gates: [{ gate_id: "gate0", status: "fail" }] },
    "status fail",
  ],
])(
  "--previous-gate-passed doesn't stand against a gate report that %s",
  async (_, report, words) => {
    const { code, json } = await ask({ options: { "previous-artifact": file(report) } });
    expect([code, json?.["reason"]]).toEqual([5, "previous_gate_failed"]);
    expect(json?.["message"]).toContain(words);
  },
);
