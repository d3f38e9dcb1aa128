import { createHash } from "node:crypto";

import { CandidateSpecArtifact, DatasetManifest } from "@baton/artifacts";
import { DEFAULT_WALK_FORWARD_LIMITS, type WalkForwardLimits } from "@baton/contracts";
import { createStageContext, type StageContextOptions } from "@baton/testkit";
import { expect, test } from "vitest";

import { researchLane } from "./lane.ts";

const SPEC = {
  schema: "baton.candidate.v1",
  name: "Trend of the S&P 500",
  thesis: "Slow changes go on for longer than people expect.",
  universe: [{ instrument: "SPX" }, { instrument: "NDX" }],
  strategy: {
    plugin: "sma-cross",
    grid: [
      { fast: 10, slow: 50 },
      { fast: 50, slow: 200 },
    ],
  },
  regimes: [{ name: "rise", expectation: "Invested." }],
  expectation: { metric: "sharpe", atLeast: 0.4 },
  promotion: { target: "shadow", notional: 1000 },
};

async function run(
  spec: Record<string, unknown>,
  rest: Partial<StageContextOptions> & { drills?: boolean } = {},
) {
  const { drills = false, ...options } = rest;
  const context = createStageContext({
    lane: "lane-a",
    stage: "research-intake",
    spec,
    ...options,
  });
  const outcome = await researchLane({ drills }).stages["research-intake"]?.(context);
  return { context, outcome, failure: outcome?.kind === "failed" ? outcome.failure : undefined };
}

/** A CSV of so many days, as a user might bring it. */
function csvOf(rows: number): Uint8Array {
  const lines = Array.from({ length: rows }, (_, row) => {
    const date = new Date(Date.UTC(2000, 0, 1 + row)).toISOString().slice(0, 10);
    const close = 100 + (row % 50);
    return `${date},${close},${close + 1},${close - 1},${close}`;
  });
  return new TextEncoder().encode(["date,open,high,low,close", ...lines].join("\n"));
}

const own = (bytes: Uint8Array, claimed = bytes.length) => ({
  ...SPEC,
  universe: [
    {
      instrument: "MINE",
      csv: { sha256: createHash("sha256").update(bytes).digest("hex"), bytes: claimed },
    },
  ],
});

test("a specification becomes declared trials on described data, with the holdout cut off", async () => {
  const { context, outcome } = await run(SPEC);
  expect(outcome).toMatchObject({ kind: "done", verdict: "pass" });
  const research = context.outputJson("research/candidate-spec.json", CandidateSpecArtifact);
  const manifest = context.outputJson("research/dataset-manifest.json", DatasetManifest);
  expect(research.declaredTrials).toBe(2);
  expect(research.spec).toMatchObject({ costBps: 5, holdoutRows: 252, seed: 1 });
  expect(research.trials[1]).toMatchObject({
    index: 1,
    parameters: { fast: 50, slow: 200 },
    warmUpRows: 199,
    features: [{ lookbackRows: 49 }, { lookbackRows: 199 }],
  });
  expect(research.falsifiedIf).toContain("Sharpe ratio per year is below 0.4");
  const [spx] = manifest.datasets;
  expect(spx).toMatchObject({ instrument: "SPX", rows: 3144, schemaVersion: "3.0.0" });
  expect(spx?.research).toMatchObject({ rows: 2892, start: "2000-01-03" });
  expect(spx?.holdout).toMatchObject({ rows: 252, end: "2012-06-29" });
  // On the dates that both have: each says what that cost it.
  expect(manifest.datasets.map(({ droppedRows }) => droppedRows)).toEqual([1961, 3580]);
  expect(manifest).toMatchObject({ barsPerYear: 252, spacingDays: 1 });
  const rationale = new TextDecoder().decode(context.outputs.get("research/rationale.md"));
  expect(rationale).toContain("SPX: 1961 of 5105 rows left out");
  expect(rationale).toContain("A year has 252 bars");
  expect(spx?.staleOpenRatioByYear["2001"]).toBeGreaterThan(0.9);
  expect(manifest.fills).toBe("close");
});

test("the same stage run gives the same bytes again", async () => {
  const [first, second] = [await run(SPEC), await run(SPEC, { attempt: 3 })];
  expect(second.context.outputs).toEqual(first.context.outputs);
  expect([...first.context.outputs.keys()].some((name) => name.startsWith("observed/"))).toBe(
    false,
  );
});

test("defaults that are spelt out make no other specification", async () => {
  const [plain, spelt] = [await run(SPEC), await run({ ...SPEC, costBps: 5, seed: 1 })];
  const digest = ({ context }: typeof plain) =>
    context.outputJson("research/candidate-spec.json", CandidateSpecArtifact).specSha256;
  expect(digest(spelt)).toBe(digest(plain));
});

test("every reason of an earlier run is attached and answered", async () => {
  const reasons = ["deflated Sharpe ratio 0.3, at least 0.9", "moon in the wrong phase"];
  const feedback = [{ runId: "run-0123456789ab", stage: "gate-evaluation", reasons }];
  const { context } = await run(SPEC, { iteration: 1, feedback });
  const research = context.outputJson("research/candidate-spec.json", CandidateSpecArtifact);
  expect(research.iteration).toBe(1);
  expect(research.feedback[0]?.answers.map(({ reason }) => reason)).toEqual(reasons);
  expect(research.feedback[0]?.answers[0]?.response).toContain("declared trials");
  expect(new TextDecoder().decode(context.outputs.get("research/rationale.md"))).toContain(
    "moon in the wrong phase",
  );
});

test("every wrong place of a specification is named with its value and rule", async () => {
  const broken = {
    ...SPEC,
    universe: [{ instrument: "\u001b]0;spx" }],
    strategy: { plugin: "sma-cross", grid: [{ fast: "10", slow: 50 }] },
    costsBps: 5,
    promotion: { target: "production", notional: 1000 },
  };
  const { failure, context } = await run(broken);
  expect(failure).toMatchObject({ class: "spec", code: "E_SPEC" });
  for (const part of [
    'universe[0].instrument is "\\u001b]0;spx"',
    'strategy.grid[0].fast is "10"',
    "costsBps is 5: unknown key; known here: schema, name",
    'promotion.target is "production"',
  ])
    expect(failure?.message).toContain(part);
  expect(failure?.action).toContain("submit");
  expect(context.outputs.size).toBe(0);
});

test("a message about a thousand wrong places still fits the wire and cuts long values", async () => {
  const grid = Array.from({ length: 1000 }, () => ({ fast: "x".repeat(5000) }));
  const { failure } = await run({ ...SPEC, strategy: { plugin: "sma-cross", grid } });
  expect(failure?.message.length).toBeLessThanOrEqual(1000);
  expect(failure?.message).toMatch(/^1000 wrong places/);
  expect(failure?.message).not.toContain("x".repeat(81));
});

test("what fits the schema but makes no sense is named all at once", async () => {
  const { failure } = await run({
    ...SPEC,
    universe: [{ instrument: "SPX" }, { instrument: "DAX" }, { instrument: "SPX" }],
    strategy: {
      plugin: "sma-cross",
      grid: [
        { fast: 50, slow: 10 },
        { fast: 1, slaw: 2 },
      ],
    },
  });
  for (const part of [
    'universe[1].instrument is "DAX": neither built in (SPX, NDX, AAPL)',
    'universe[2].instrument is "SPX": each instrument only once',
    "strategy.grid[0].fast is 50: sma-cross: fast < slow",
    "strategy.grid[1].slaw is 2",
  ])
    expect(failure?.message).toContain(part);
});

test("an unknown plugin is answered with the known ones", async () => {
  const { failure } = await run({ ...SPEC, strategy: { plugin: "sma-corss", grid: [{ a: 1 }] } });
  expect(failure?.message).toContain(
    'strategy.plugin is "sma-corss": no such plugin; there are sma-cross, tsmom',
  );
});

test("a trial declared twice, be it by a default, is refused", async () => {
  const grid = [{ lookbackRows: 252 }, {}];
  const { failure } = await run({ ...SPEC, strategy: { plugin: "tsmom", grid } });
  expect(failure?.message).toContain("the same trial as strategy.grid[0]");
});

test("data too short for the folds and the holdout is refused with the rows that are needed", async () => {
  const { failure } = await run({ ...SPEC, universe: [{ instrument: "AAPL" }] });
  expect(failure).toMatchObject({ class: "spec", code: "E_SPEC" });
  expect(failure?.message).toContain("2725 rows are needed");
  expect(failure?.message).toContain(
    "AAPL has 1260; less is needed with smaller walkForward.testRows",
  );
  // What it may come to: 199 + 252 + 5 + 5 x 63 + 60.
  expect(failure?.message).toContain("831 with all keys at their least");
});

test("with windows of its own a shorter history is taken, and the rationale says which", async () => {
  const spec = {
    ...SPEC,
    universe: [{ instrument: "AAPL" }],
    walkForward: { trainRows: 504, testRows: 63 },
    holdoutRows: 120,
  };
  const { context, outcome } = await run(spec);
  expect(outcome?.kind).toBe("done");
  const research = context.outputJson("research/candidate-spec.json", CandidateSpecArtifact);
  expect(research.spec.walkForward).toEqual({ trainRows: 504, testRows: 63 });
  expect(new TextDecoder().decode(context.outputs.get("research/rationale.md"))).toContain(
    "Windows of its own: from row 200 on folds of 504 rows to train on, 5 purged and 63 to test on.",
  );
});

test("what the dispatch says of the playbook's limits counts, and nothing else", async () => {
  const walkForward = { trainRows: 504, testRows: 63 };
  const spec = { ...SPEC, universe: [{ instrument: "AAPL" }], walkForward, holdoutRows: 120 };
  const failing = async (asked: Partial<WalkForwardLimits>) => {
    const limits = { ...DEFAULT_WALK_FORWARD_LIMITS, ...asked };
    return (await run(spec, { walkForward: limits })).failure?.message ?? "taken";
  };
  expect(await failing({})).toBe("taken");
  expect(await failing({ minTrainRows: 505 })).toContain(
    "walkForward.trainRows is 504: at least 505",
  );
  // 200 + 504 + 5 + 6 x 63 + 120 = 1207, with one more 1270.
  expect(await failing({ minFolds: 6 })).toBe("taken");
  expect(await failing({ minFolds: 7 })).toContain("1270 rows are needed");
  expect(await failing({ minTestedRows: 7 * 63 })).toContain("1270 rows are needed");
  expect(await failing({ minTestedRows: 6 * 63 })).toBe("taken");
});

test("a user's CSV is read from the store by its digest, and kept in the lane's own name", async () => {
  const bytes = csvOf(2800);
  const { context, outcome } = await run(own(bytes), { stored: [bytes] });
  expect(outcome?.kind).toBe("done");
  const manifest = context.outputJson("research/dataset-manifest.json", DatasetManifest);
  expect(manifest.datasets[0]).toMatchObject({ instrument: "MINE", rows: 2800 });
  expect(manifest.datasets[0]?.source).toMatch(/^csv:[0-9a-f]{12}$/);
  expect(context.kept).toEqual([createHash("sha256").update(bytes).digest("hex")]);
});

test("how a CSV is written is read as it was told, and stands in manifest and rationale", async () => {
  const text = new TextDecoder().decode(csvOf(2800)).replace("close", "Last *price*");
  const bytes = new TextEncoder().encode(text.replaceAll(",", ";"));
  const format = { columns: { close: "Last *price*" }, delimiter: ";" };
  const spec = own(bytes);
  const universe = spec.universe.map(({ csv, ...of }) => ({ ...of, csv: { ...csv, ...format } }));
  const { context, outcome } = await run({ ...spec, universe }, { stored: [bytes] });
  expect(outcome?.kind).toBe("done");
  const manifest = context.outputJson("research/dataset-manifest.json", DatasetManifest);
  expect(manifest.datasets[0]).toMatchObject({ rows: 2800, format });
  const rationale = new TextDecoder().decode(context.outputs.get("research/rationale.md"));
  expect(rationale).toContain('MINE: read with delimiter ";", as declared.');
  expect(rationale).toContain(
    String.raw`MINE: read with the column "Last \*price\*" as close, as declared.`,
  );
});

test("a CSV that can't be read names line and column and isn't retried", async () => {
  const bytes = new TextEncoder().encode("date,open,high,low,close\n2020-01-01,1,2,0.5,x\n");
  const { failure } = await run(own(bytes), { stored: [bytes] });
  expect(failure).toMatchObject({ class: "spec", code: "E_DATA" });
  expect(failure?.message).toContain("line 2, column 5 (close)");
});

test("a CSV of another length than submitted is refused", async () => {
  const bytes = csvOf(2800);
  const { failure } = await run(own(bytes, 5), { stored: [bytes] });
  expect(failure?.message).toContain(`the stored file has ${bytes.length} bytes`);
});

test("drills are refused as a matter of policy unless the system allows them", async () => {
  const { failure } = await run({ ...SPEC, drills: { bootstrapSamples: 200 } });
  expect(failure).toMatchObject({ class: "policy", code: "E_DRILL_FORBIDDEN" });
});

test("a flaky source fails as often as asked for, then answers", async () => {
  const spec = { ...SPEC, drills: { dataSourceFailures: 2 } };
  for (const attempt of [1, 2]) {
    const { failure } = await run(spec, { attempt, drills: true });
    expect(failure).toMatchObject({ class: "transient", code: "E_DATA_UNAVAILABLE" });
  }
  const { outcome } = await run(spec, { attempt: 3, drills: true });
  expect(outcome?.kind).toBe("done");
});

test("text of a specification can't add markup to the rationale", async () => {
  const name = "x # forged <img src=x>";
  const thesis = "It works because it does.\n# forged";
  const { context } = await run({ ...SPEC, name, thesis });
  const rationale = new TextDecoder().decode(context.outputs.get("research/rationale.md"));
  expect(rationale.split("\n")[0]).toBe("# x \\# forged \\<img src=x\\>");
  expect(rationale.split("\n")[4]).toBe("It works because it does. \\# forged");
});
