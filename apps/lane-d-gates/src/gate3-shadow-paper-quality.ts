import type { GateCheck } from "@baton/artifacts";

import { checksOf } from "./check.ts";
import type { Evidence } from "./evidence.ts";
import type { GatePolicy } from "./gate-policy.ts";

const gate = checksOf("gate3_shadow_paper_quality");

/**
 * Is there an honest shadow run to come: rows nobody has seen, bands to hold it against, and a plugin that does what
 * was measured? The quality itself is measured by that run.
 */
export function gate3(evidence: Evidence, policy: GatePolicy): GateCheck[] {
  return [
    ...readinessChecks(evidence, policy.gate3_shadow_paper_quality),
    ...modelChecks(evidence),
    ...laterChecks(evidence),
  ];
}

function readinessChecks(
  { manifest, folds, evaluation }: Evidence,
  limits: GatePolicy["gate3_shadow_paper_quality"],
): GateCheck[] {
  const report = evaluation.found?.value;
  return [
    gate.atLeast({
      checkId: "held_back_rows",
      title: "rows held back for shadow and paper, least of all instruments",
      from: [manifest],
      measured:
        manifest.found && Math.min(...manifest.found.value.datasets.map((of) => of.holdout.rows)),
      threshold: limits.minHoldoutRows,
      means: "too few rows to compare with the backtest",
    }),
    gate.atMost({
      checkId: "held_back_rows_seen",
      title: "held-back rows that the backtest has seen",
      from: [folds],
      measured: folds.found?.value.leakage.heldBackRowsSeen,
      threshold: 0,
      means: "a shadow run on them would prove nothing",
    }),
    gate.exactly({
      checkId: "bands_horizon",
      title: "rows that the bands to compare with are made for",
      from: [manifest, evaluation],
      measured: report?.bands.holdout.horizonRows,
      threshold: manifest.found?.value.holdoutRows,
      means: "bands of another length say nothing about the held-back rows",
    }),
    gate.atLeast({
      checkId: "compared_targets",
      title: "targets of the built plugin compared with the measured ones",
      from: [evaluation],
      measured: report?.reproducibility.plugin.targetsCompared,
      threshold: 1,
      means: "nobody knows whether what was built is what was measured",
    }),
    gate.atMost({
      checkId: "differing_targets",
      title: "targets of the built plugin that differ from the measured ones",
      from: [evaluation],
      measured: report?.reproducibility.plugin.targetsDiffering,
      threshold: 0,
      means: "what was built isn't what was measured",
    }),
  ];
}

function modelChecks({ plugin }: Evidence): GateCheck[] {
  const because = "the plugin is a pure function of prices; no model answers while it trades";
  return [
    gate.notApplicable({
      checkId: "llm_error",
      title: "failed answers of a language model, share",
      from: [plugin],
      because,
    }),
    gate.notApplicable({
      checkId: "forecast_fallback",
      title: "forecasts that fell back to another model, share",
      from: [plugin],
      because,
    }),
  ];
}

function laterChecks({ stages: seen }: Evidence): GateCheck[] {
  const stage = "shadow-paper";
  return [
    gate.later({ checkId: "latency", title: "time to decide, 95th percentile", stage, seen }),
    gate.later({ checkId: "drift", title: "shadow run against the backtest's bands", stage, seen }),
  ];
}
