import type { GateCheck } from "@baton/artifacts";

import { checksOf } from "./check.ts";
import type { Evidence } from "./evidence.ts";
import type { GatePolicy } from "./gate-policy.ts";

const gate = checksOf("gate2_risk_capacity");

const BASIS_POINTS = 10_000;

/** Can the account bear it, also when fills, costs and markets are worse? */
export function gate2(evidence: Evidence, policy: GatePolicy): GateCheck[] {
  const limits = policy.gate2_risk_capacity;
  return [
    ...capacityChecks(evidence, limits),
    ...stressChecks(evidence, limits),
    gate.later({
      checkId: "fill_quality",
      title: "slippage, shortfall and divergence of real orders",
      stage: "shadow-paper",
      seen: evidence.stages,
    }),
  ];
}

type Limits = GatePolicy["gate2_risk_capacity"];

function capacityChecks({ evaluation }: Evidence, limits: Limits): GateCheck[] {
  const report = evaluation.found?.value;
  const figures = report?.outOfSample.figures;
  const from = [evaluation];
  return [
    gate.atMost({
      checkId: "drawdown",
      title: "deepest fall out of sample, fraction of the equity",
      from,
      measured: figures && -figures.maxDrawdown,
      threshold: limits.maxDrawdown,
      means: "it can lose more than the account may",
    }),
    gate.atMost({
      checkId: "turnover",
      title: "turnover a year, times the equity",
      from,
      measured: figures?.turnoverPerYear,
      threshold: limits.maxTurnoverPerYear,
      means: "it trades more than its capacity allows",
    }),
    gate.atMost({
      checkId: "cost",
      title: "cost a year, basis points of the equity",
      from,
      measured:
        report &&
        figures &&
        (figures.cost / figures.rows) * report.assumptions.barsPerYear * BASIS_POINTS,
      threshold: limits.maxCostBpsPerYear,
      means: "costs eat too much of what it earns",
    }),
  ];
}

function stressChecks({ stress }: Evidence, limits: Limits): GateCheck[] {
  const metrics = stress.found?.value;
  const families = new Set(metrics?.cases.map(({ family }) => family));
  const untested = limits.stressFamilies.filter((family) => !families.has(family));
  const from = [stress];
  return [
    gate.atMost({
      checkId: "stress_families",
      title: "families of stress that weren't run",
      from,
      measured: metrics && untested.length,
      threshold: 0,
      means: `${untested.join(", ")} wasn't run`,
    }),
    gate.atMost({
      checkId: "fragility",
      title: "share of its Sharpe ratio that the worst stress takes",
      from,
      measured: metrics && Math.max(...metrics.cases.map(({ fragility }) => fragility)),
      threshold: limits.maxFragility,
      means: `it doesn't survive ${metrics?.summary.worstCase ?? "stress"}`,
    }),
    gate.atMost({
      checkId: "stressed_drawdown",
      title: "deepest fall under any stress, fraction of the equity",
      from,
      measured: metrics && -Math.min(...metrics.cases.map(({ figures }) => figures.maxDrawdown)),
      threshold: limits.maxStressedDrawdown,
      means: "under stress it can lose more than the account may",
    }),
  ];
}
