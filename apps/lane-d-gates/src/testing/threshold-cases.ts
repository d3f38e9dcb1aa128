/** Every threshold of the delivered policy, with what lies on it and just past it. */
import { loadGatePolicy } from "../gate-policy.ts";
import { type SampleValues } from "./sample-evidence.ts";
import { day } from "./sample-identity.ts";

const { policy } = await loadGatePolicy();
const gate1 = policy.gate1_statistical_robustness;
const gate2 = policy.gate2_risk_capacity;
/** A value exactly at the threshold, one just past it, and the gate that must fail then. */
type Case = readonly [
  gateId: string,
  checkId: string,
  put: (values: SampleValues, value: number) => void,
  edge: number,
  beyond: number,
];
/** The sample's first data set. */
export const dataset = (values: SampleValues) => {
  const [first] = values.manifest.datasets;
  if (first === undefined) throw new Error("the sample has a data set");
  return first;
};
/** The sample's first fold, or it alone. */
const fold = (values: SampleValues, alone = false) => {
  const [instrument] = values.walkForward.instruments;
  const [first] = instrument?.folds ?? [];
  if (instrument === undefined || first === undefined) throw new Error("the sample has folds");
  if (alone) instrument.folds = [first];
  return first;
};
/** Per check that compares a number. */
export const NUMBERS: readonly Case[] = [
  ["gate0_data_integrity", "research_rows", (v, x) => (dataset(v).research.rows = x), 510, 509],
  ["gate0_data_integrity", "null_rate", (v, x) => (dataset(v).nullRate = x), 0.01, 0.0101],
  [
    "gate0_data_integrity",
    "longest_gap",
    (v, x) => dataset(v).calendarGaps.forEach((gap) => (gap.days = x)),
    10,
    11,
  ],
  [
    "gate0_data_integrity",
    "unexplained_moves",
    (v, x) =>
      (dataset(v).moves = {
        total: x,
        listed: x === 0 ? [] : [{ date: day, factor: 1 / 7, split: "7:1" }],
      }),
    0,
    1,
  ],
  [
    "gate1_statistical_robustness",
    "plausible_sharpe",
    (v, x) => (v.evaluation.outOfSample.figures = { ...v.folds.folds[0]!.figures, sharpe: x }),
    gate1.maxSharpe,
    10.1,
  ],
  [
    "gate1_statistical_robustness",
    "train_rows",
    (v, x) => (fold(v).train = { ...fold(v).train, from: fold(v).train.to - x }),
    252,
    251,
  ],
  [
    "gate1_statistical_robustness",
    "test_rows",
    (v, x) => (fold(v).test = { ...fold(v).test, to: fold(v).test.from + x }),
    63,
    62,
  ],
  [
    "gate1_statistical_robustness",
    "tested_rows",
    (v, x) => (fold(v, true).test = { ...fold(v).test, to: fold(v).test.from + x }),
    252,
    251,
  ],
  [
    "gate1_statistical_robustness",
    "first_test_row",
    (v, x) => {
      for (const { folds } of v.walkForward.instruments) {
        const by = x - (folds[0]?.test.from ?? 0);
        for (const one of folds) {
          one.test = { ...one.test, from: one.test.from + by, to: one.test.to + by };
        }
      }
    },
    1213,
    1214,
  ],
  [
    "gate1_statistical_robustness",
    "longest_test_rows",
    (v, x) => (fold(v).test = { ...fold(v).test, to: fold(v).test.from + x }),
    252,
    253,
  ],
  ["gate1_statistical_robustness", "folds", (v, x) => (v.folds.summary.folds = x), 5, 4],
  ["gate1_statistical_robustness", "trades", (v, x) => (v.folds.summary.trades = x), 1, 0],
  [
    "gate1_statistical_robustness",
    "net_return",
    (v, x) => (v.evaluation.outOfSample.figures = { ...v.folds.folds[0]!.figures, total: x }),
    0,
    -0.001,
  ],
  [
    "gate1_statistical_robustness",
    "negative_folds",
    (v, x) => (v.folds.summary.negativeShare = x),
    0.5,
    0.51,
  ],
  [
    "gate1_statistical_robustness",
    "fold_variation",
    (v, x) => (v.folds.summary.variation = x),
    gate1.maxFoldVariation,
    2.01,
  ],
  ["gate1_statistical_robustness", "gap_rows", (v, x) => (v.folds.leakage.leastGapRows = x), 5, 4],
  [
    "gate1_statistical_robustness",
    "deflated_sharpe",
    (v, x) => (v.evaluation.deflatedSharpe.probability = x),
    gate1.minDeflatedSharpe,
    0.899,
  ],
  [
    "gate1_statistical_robustness",
    "band_sharpe",
    (v, x) => (v.evaluation.bands.full.sharpe = { ...v.evaluation.bands.full.total, p05: x }),
    0,
    -0.01,
  ],
  [
    "gate1_statistical_robustness",
    "expectation",
    (v, x) => (v.evaluation.expectation.measured = x),
    0.4,
    0.39,
  ],
  [
    "gate1_statistical_robustness",
    "cross_validation",
    (v, x) => (v.evaluation.crossValidatedSharpe = x),
    0,
    -0.01,
  ],
  [
    "gate1_statistical_robustness",
    "neighbour_robustness",
    (v, x) => (v.evaluation.neighbourhood.robustness = x),
    gate1.minNeighbourRobustness,
    0.79,
  ],
  [
    "gate2_risk_capacity",
    "drawdown",
    (v, x) =>
      (v.evaluation.outOfSample.figures = { ...v.folds.folds[0]!.figures, maxDrawdown: -x }),
    gate2.maxDrawdown,
    0.41,
  ],
  [
    "gate2_risk_capacity",
    "turnover",
    (v, x) =>
      (v.evaluation.outOfSample.figures = { ...v.folds.folds[0]!.figures, turnoverPerYear: x }),
    gate2.maxTurnoverPerYear,
    8.1,
  ],
  [
    // 2520 rows are ten years: 0.035 of the equity is 35 basis points a year.
    "gate2_risk_capacity",
    "cost",
    (v, x) => (v.evaluation.outOfSample.figures = { ...v.folds.folds[0]!.figures, cost: x }),
    0.035,
    0.0351,
  ],
  [
    "gate2_risk_capacity",
    "fragility",
    (v, x) => (v.stress.cases[0]!.fragility = x),
    gate2.maxFragility,
    0.86,
  ],
  [
    "gate2_risk_capacity",
    "stressed_drawdown",
    (v, x) => (v.stress.cases[3]!.figures = { ...v.stress.base, maxDrawdown: -x }),
    gate2.maxStressedDrawdown,
    0.61,
  ],
  [
    "gate3_shadow_paper_quality",
    "held_back_rows",
    (v, x) => (dataset(v).holdout.rows = x),
    policy.gate3_shadow_paper_quality.minHoldoutRows,
    59,
  ],
  [
    "gate3_shadow_paper_quality",
    "held_back_rows_seen",
    (v, x) => (v.folds.leakage.heldBackRowsSeen = x),
    0,
    1,
  ],
  [
    "gate3_shadow_paper_quality",
    "compared_targets",
    (v, x) => (v.evaluation.reproducibility.plugin.targetsCompared = x),
    1,
    0,
  ],
  [
    "gate3_shadow_paper_quality",
    "differing_targets",
    (v, x) => (v.evaluation.reproducibility.plugin.targetsDiffering = x),
    0,
    1,
  ],
  ["gate4_operational_readiness", "passed_tests", (v, x) => (v.tests.passed = x), 1, 0],
  [
    "gate5_live_ramp_readiness",
    "notional",
    (v, x) => (v.research.spec.promotion.notional = x),
    policy.gate5_live_ramp_readiness.maxNotional,
    1_000_001,
  ],
];
