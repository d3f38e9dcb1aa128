/**
 * The real work of lanes A to D on real prices, without a mesh: what passes, what doesn't, and why. The negative
 * controls matter most: a gate that lets them through is worth nothing.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { EvaluationReport, GateEvaluation } from "@baton/artifacts";
import { createBareRepository } from "@baton/gitops";
import { researchLane } from "@baton/lane-a-research/src/lane.ts";
import { strategyLane } from "@baton/lane-b-strategy/src/lane.ts";
import { backtestLane } from "@baton/lane-c-backtest/src/lane.ts";
import { loadGatePolicy } from "@baton/lane-d-gates/src/gate-policy.ts";
import { gatesLane } from "@baton/lane-d-gates/src/lane.ts";
import type { LaneDefinition } from "@baton/lanekit";
import { createStageContext, temporaryFolder, testSandbox } from "@baton/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

const folder = temporaryFolder("research-to-gates");
const repository = join(folder.path, "strategies.git");
const sandbox = await testSandbox();
const EXAMPLES = join(import.meta.dirname, "../../../examples/candidates");

/** Three candidates' real work, one after the other, on a busy machine. */
const TIMEOUT = { timeout: 60_000 };

const policy = await loadGatePolicy();
/**
 * Both indices share twelve years of dates, half of them test years: too few to tell luck from skill by at all. Here luck
 * isn't asked, so that only the peak itself can be what fails.
 */
const LUCK_UNASKED = {
  ...policy,
  policy: {
    ...policy.policy,
    gate1_statistical_robustness: {
      ...policy.policy.gate1_statistical_robustness,
      minDeflatedSharpe: 0.5,
      minBandSharpe: -1,
    },
  },
};

const stagesUnder = (gates: typeof policy): (readonly [stage: string, lane: LaneDefinition])[] => [
  ["research-intake", researchLane({ drills: false })],
  [
    "candidate-build",
    strategyLane({ repository, scratchDir: join(folder.path, "scratch"), sandbox }),
  ],
  ["backtest-robustness", backtestLane({ sandbox })],
  ["gate-evaluation", gatesLane(gates)],
];

beforeAll(async () => {
  await createBareRepository(repository, { initialFiles: { "README.md": "Strategies.\n" } });
});
afterAll(() => folder.remove());

type Spec = Record<string, unknown>;

async function example(file: string): Promise<Spec> {
  const document: unknown = parse(await readFile(join(EXAMPLES, file), "utf8"));
  return z.record(z.string(), z.unknown()).parse(document);
}

/** Takes a candidate through all four stages, each on the artifacts of those before. */
async function through(
  spec: Spec,
  {
    candidateId,
    gates = policy,
  }: { readonly candidateId?: string; readonly gates?: typeof policy } = {},
) {
  const artifacts = new Map<string, Uint8Array>();
  const of = { spec, ...(candidateId !== undefined && { candidateId }) };
  let last = createStageContext({ lane: "lane-a", stage: "research-intake", ...of });
  for (const [stage, { lane, stages }] of stagesUnder(gates)) {
    last = createStageContext({ lane, stage, ...of, inputs: Object.fromEntries(artifacts) });
    const outcome = await stages[stage]?.(last);
    if (outcome?.kind !== "done") throw outcome?.failure ?? new Error(`no stage ${stage}`);
    for (const [name, bytes] of last.outputs) artifacts.set(name, bytes);
  }
  const bytes = artifacts.get("backtest/evaluation-report.json");
  const report: unknown = JSON.parse(new TextDecoder().decode(bytes));
  return {
    artifacts,
    backtest: EvaluationReport.parse(report),
    gates: last.outputJson("gates/gate-evaluation.json", GateEvaluation),
  };
}

const failedChecks = (gates: GateEvaluation) =>
  gates.checks
    .filter(({ status }) => status === "fail" || status === "missing")
    .map(({ checkId }) => checkId);

const failedGates = (gates: GateEvaluation) =>
  gates.gates.filter(({ status }) => status === "fail").map(({ gateId }) => gateId);

/** An averages' cross on both built-in indices. */
const crossOf = async (...grid: { fast: number; slow: number }[]): Promise<Spec> => ({
  ...(await example("trend.yaml")),
  universe: [{ instrument: "SPX" }, { instrument: "NDX" }],
  strategy: { plugin: "sma-cross", grid },
});

test(
  "The trend candidate passes every gate, and its artifacts are the same on a second run.",
  TIMEOUT,
  async () => {
    const spec = await example("trend.yaml");
    const first = await through(spec);
    expect(failedChecks(first.gates)).toEqual([]);
    expect(first.gates.gates.map(({ status }) => status)).toEqual(
      Array.from({ length: 6 }, () => "pass"),
    );
    const second = await through(spec);
    const made = ({ artifacts }: typeof first) =>
      new Map([...artifacts].filter(([name]) => !name.startsWith("observed/")));
    expect(made(second)).toEqual(made(first));
  },
);

test("Its curve-fitted twin fails gate 1.", TIMEOUT, async () => {
  const { gates } = await through(await example("curve-fitted.yaml"));
  expect(gates.verdict).toBe("fail");
  expect(failedGates(gates)).toContain("gate1_statistical_robustness");
});

test("Five years of one share come to the gates with windows of their own.", TIMEOUT, async () => {
  const { gates, backtest } = await through(await example("short-history.yaml"));
  expect(backtest.data[0]).toMatchObject({ instrument: "AAPL", rows: 1260 });
  const measured = (checkId: string) =>
    gates.checks.find((check) => check.checkId === checkId)?.measured;
  expect(
    ["train_rows", "test_rows", "tested_rows", "folds", "gap_rows"].map((id) => measured(id)),
  ).toEqual([504, 63, 6 * 63, 6, 5]);
  // As its README says: nothing about its rows or folds, but what it costs.
  expect(failedChecks(gates)).toEqual(["cost"]);
});

/** What gate 1 has against it. */
const failedInGate1 = (gates: GateEvaluation) => {
  const failed = new Set(failedChecks(gates));
  return gates.checks
    .filter(
      ({ gateId, checkId }) => gateId === "gate1_statistical_robustness" && failed.has(checkId),
    )
    .map(({ checkId }) => checkId);
};

test(
  "A narrow peak whose figures are as gate 1 asks fails it by the peak alone.",
  TIMEOUT,
  async () => {
    const trend = await example("trend.yaml");
    const grid = [{ fast: 19, slow: 20 }];
    const { gates, backtest } = await through({
      ...trend,
      strategy: { plugin: "sma-cross", grid },
    });
    // A Sharpe ratio of 0.6 and some 680 % that hardly can be luck, but for the neighbours.
    expect(backtest.outOfSample.figures.sharpe).toBeGreaterThan(0.6);
    expect(backtest.outOfSample.figures.total).toBeGreaterThan(6);
    expect(backtest.deflatedSharpe.probability).toBeGreaterThan(0.99);
    expect(failedInGate1(gates)).toEqual(["neighbour_robustness"]);
    expect(gates.verdict).toBe("fail");
  },
);

test(
  "A narrow peak fails gate 1 alone, although every headline figure beats the honest grid's.",
  TIMEOUT,
  async () => {
    const honest = await through(
      await crossOf({ fast: 10, slow: 50 }, { fast: 20, slow: 100 }, { fast: 50, slow: 200 }),
      { gates: LUCK_UNASKED },
    );
    const peak = await through(await crossOf({ fast: 8, slow: 107 }), { gates: LUCK_UNASKED });
    expect(failedChecks(honest.gates)).toEqual([]);
    const headline = ({ backtest }: typeof peak) => backtest.outOfSample.figures;
    expect(headline(peak).sharpe).toBeGreaterThan(headline(honest).sharpe ?? Infinity);
    expect(headline(peak).total).toBeGreaterThan(headline(honest).total);
    expect(peak.backtest.deflatedSharpe.probability).toBeGreaterThan(
      honest.backtest.deflatedSharpe.probability ?? Infinity,
    );
    expect(failedChecks(peak.gates)).toEqual(["neighbour_robustness"]);
    expect(failedGates(peak.gates)).toEqual(["gate1_statistical_robustness"]);
  },
);

test("J9: with lane A's key another specification doesn't get past any lane", TIMEOUT, async () => {
  const candidateId = "cand-0123456789ab";
  const submitted = {
    ...(await example("trend.yaml")),
    promotion: { target: "shadow", notional: 1000 },
  };
  const forged = { ...submitted, promotion: { target: "live", notional: 50_000_000 } };
  const { artifacts } = await through(forged, { candidateId });
  const inputs = Object.fromEntries(artifacts);
  for (const [stage, { lane, stages }] of stagesUnder(policy).slice(1)) {
    const context = createStageContext({ lane, stage, spec: submitted, candidateId, inputs });
    expect({ stage, ...(await stages[stage]?.(context)) }).toMatchObject({
      stage,
      kind: "failed",
      failure: {
        class: "policy",
        code: "E_LINEAGE",
        message: expect.stringContaining("contradicts the dispatch: spec.promotion is"),
      },
    });
    expect([...context.outputs.keys()]).toEqual([]);
  }
});
