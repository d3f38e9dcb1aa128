import { DEFAULT_WALK_FORWARD_LIMITS } from "@baton/contracts";
import { expect, test } from "vitest";

import { evaluateGates } from "./evaluate-gates.ts";
import { loadGatePolicy } from "./gate-policy.ts";
import { gateReportText } from "./gate-report-text.ts";
import { evidenceOf, sampleValues } from "./testing/sample-evidence.ts";
import { CANDIDATE, RUN } from "./testing/sample-identity.ts";

const loaded = await loadGatePolicy();
const stageRun = {
  candidateId: CANDIDATE,
  runId: RUN,
  stage: "gate-evaluation",
  walkForward: DEFAULT_WALK_FORWARD_LIMITS,
};

test("The verdict and what failed stand before the figures.", () => {
  const values = sampleValues();
  values.evaluation.neighbourhood.robustness = 0.57149;
  const text = gateReportText(evaluateGates(evidenceOf(values), loaded, stageRun));
  const [title, , run] = text.split("\n");
  expect(title).toBe("# Gate evaluation: FAIL");
  expect(run).toContain(`Candidate ${CANDIDATE}, run ${RUN}, target live`);
  expect(text.indexOf("## What failed")).toBeLessThan(text.indexOf("## gate0_data_integrity"));
  expect(text).toContain(
    "| fail | share of its Sharpe ratio that the median neighbour keeps, worst instrument | at least 0.8 | 0.5715 | -0.2285 |",
  );
  expect(text).toContain("- **neighbour_robustness** (gate1_statistical_robustness): ");
});

test("Every check has its row, and every artifact its digest.", () => {
  const report = evaluateGates(evidenceOf(), loaded, stageRun);
  const text = gateReportText(report);
  const statuses = "pass|fail|missing|warning|skipped";
  const rows = text.split("\n").filter((line) => new RegExp(`^\\| (${statuses}) \\|`).test(line));
  expect(rows).toHaveLength(report.checks.length);
  for (const { sha256 } of report.inputs) expect(text).toContain(sha256);
  expect(text).not.toContain("## What failed");
});

test("A text from an artifact can't break out of its cell.", () => {
  const report = evaluateGates(evidenceOf(), loaded, stageRun);
  const [first, ...rest] = report.checks;
  if (first === undefined) throw new Error("a report has checks");
  const text = gateReportText({
    ...report,
    checks: [{ ...first, measured: "a | b\n# heading" }, ...rest],
  });
  expect(text).toContain("a \\| b # heading");
  expect(text).not.toContain("\n# heading");
});
