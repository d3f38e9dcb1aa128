import { readFileSync } from "node:fs";
import { join } from "node:path";

import { GateEvaluation, GateReport } from "@baton/artifacts";
import { createStageContext, linked } from "@baton/testkit";
import { expect, test } from "vitest";

import { loadGatePolicy } from "./gate-policy.ts";
import { gatesLane } from "./lane.ts";
import { sampleValues } from "./testing/sample-evidence.ts";
import { artifactName, CANDIDATE, EVIDENCE_NAMES, RUN } from "./testing/sample-identity.ts";
import { research } from "./testing/sample-research.ts";

const lane = gatesLane(await loadGatePolicy());

async function run(inputs: Readonly<Record<string, unknown>>, gatePolicy?: string) {
  const context = createStageContext({
    lane: "lane-d",
    stage: "gate-evaluation",
    spec: research.spec,
    candidateId: CANDIDATE,
    runId: RUN,
    inputs,
    ...(gatePolicy !== undefined && { gatePolicy }),
  });
  const outcome = await lane.stages["gate-evaluation"]?.(context);
  return { outcome, context };
}

const stored = () => {
  const values = sampleValues();
  return linked(
    Object.fromEntries(EVIDENCE_NAMES.map((name) => [artifactName(name), values[name]])),
  );
};

test("The report is stored for the coordinator and for people, and the verdict follows from it.", async () => {
  const { outcome, context } = await run(stored());
  const report = context.outputJson("gates/gate-evaluation.json", GateEvaluation);
  expect(GateReport.parse(report).stage).toBe("gate-evaluation");
  expect(report.checks.filter(({ status }) => status === "fail")).toEqual([]);
  expect(outcome).toMatchObject({ kind: "done", verdict: "pass" });
  const text = new TextDecoder().decode(context.outputs.get("gates/gate-evaluation.md"));
  expect(text).toMatch(/^# Gate evaluation: PASS\n/);
});

test("By another policy than the playbook asks for nothing is judged; Baton's own playbook asks for the one that comes along.", async () => {
  const { sha256 } = await loadGatePolicy();
  expect((await run(stored(), sha256)).outcome).toMatchObject({ verdict: "pass" });
  const { outcome } = await run(stored(), "0".repeat(64));
  expect(outcome).toMatchObject({
    kind: "failed",
    failure: {
      code: "E_GATE_POLICY",
      class: "policy",
      message: expect.stringContaining(sha256),
      action: expect.stringContaining("BATON_GATE_POLICY"),
    },
  });
  const playbook = readFileSync(join(import.meta.dirname, "../../../playbooks/baton.yaml"), "utf8");
  expect(playbook).toContain(`gatePolicy: ${sha256}\n`);
});

test("Every artifact is bound to the report by the digest of its bytes.", async () => {
  const { context } = await run(stored());
  const report = context.outputJson("gates/gate-evaluation.json", GateEvaluation);
  expect(report.inputs).toEqual(context.inputs.map(({ name, sha256 }) => ({ name, sha256 })));
});

test("An artifact that is missing fails the gates; the stage itself is done.", async () => {
  const { "gates/stress-metrics-v1.json": _, ...rest } = stored();
  const { outcome, context } = await run(rest);
  expect(outcome).toMatchObject({ kind: "done", verdict: "fail" });
  const report = context.outputJson("gates/gate-evaluation.json", GateEvaluation);
  expect(report.checks.find(({ checkId }) => checkId === "fragility")).toMatchObject({
    status: "missing",
    reason: expect.stringContaining("gates/stress-metrics-v1.json"),
  });
});

test("An artifact that doesn't fit its schema is a failure of the stage, not a verdict.", async () => {
  const { outcome } = await run({ ...stored(), "gates/fold-metrics-v1.json": { folds: [] } });
  expect(outcome).toMatchObject({
    kind: "failed",
    failure: { class: "deterministic", message: expect.stringContaining("fold-metrics-v1") },
  });
});
