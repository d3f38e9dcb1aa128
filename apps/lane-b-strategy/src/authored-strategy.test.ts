/** Sources that somebody submitted, in the real sandbox and a real repository. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { StrategyPluginArtifact, TestReportArtifact } from "@baton/artifacts";
import { createBareRepository } from "@baton/gitops";
import { createStageContext, temporaryFolder, testSandbox } from "@baton/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { strategyLane } from "./lane.ts";
import { authoredInputs, candidateId, sha256 } from "./testing/authored-inputs.ts";

vi.setConfig({ testTimeout: 120_000 });

const folder = temporaryFolder("authored");
const repository = join(folder.path, "strategies.git");
const sandbox = await testSandbox();
beforeAll(() =>
  createBareRepository(repository, { initialFiles: { "README.md": "Strategies.\n" } }),
);
afterAll(() => folder.remove());

const EXAMPLES = join(import.meta.dirname, "../../../examples/candidates");
let runs = 0;

async function run(
  source: Uint8Array | undefined,
  grid: Record<string, number>[],
  warmUpRows = 60,
) {
  runs += 1;
  const runId = `run-${String(runs).padStart(12, "0")}`;
  const context = createStageContext({
    lane: "lane-b",
    stage: "candidate-build",
    candidateId,
    runId,
    ...authoredInputs({ runId, source, grid, warmUpRows }),
    stored: source ? [source] : [],
  });
  const scratchDir = join(folder.path, "scratch");
  const lane = strategyLane({ repository, scratchDir, sandbox });
  const outcome = await lane.stages["candidate-build"]?.(context);
  return { context, outcome };
}

const example = (name: string) => readFileSync(join(EXAMPLES, name));
const text = (source: string) => new TextEncoder().encode(source);

test("an honest one passes its tests, and goes on byte for byte as it was submitted", async () => {
  const source = example("steady-climb.ts");
  const { context, outcome } = await run(source, [{ longRows: 120, slopeRows: 10 }], 140);
  expect(outcome).toMatchObject({ kind: "done", verdict: "pass" });
  expect(Buffer.from(context.outputs.get("build/plugin-source.ts") ?? [])).toEqual(source);
  const built = context.outputJson("build/plugin.json", StrategyPluginArtifact);
  expect(built).toMatchObject({ plugin: "authored", sourceSha256: sha256(source) });
  const { tests } = context.outputJson("build/test-report.json", TestReportArtifact);
  expect(tests.map(({ name }) => name)).toEqual([
    "AAPL: a weight for every row",
    "AAPL: the same rows give the same weights",
    expect.stringMatching(/^AAPL: rows changed from \d+ on change no weight before$/),
    expect.stringMatching(/^AAPL: rows changed from \d+ on change no weight before$/),
    "AAPL: a weight for every row of one row more than its warm-up",
    "AAPL: a weight for every row of shuffled rows",
    "AAPL: a weight for every row of rows without a move",
  ]);
});

test("one that looks ahead is refused with the row, and nothing of it reaches the repository", async () => {
  const { outcome, context } = await run(example("peeking.ts"), [{ rows: 20 }], 20);
  expect(outcome).toMatchObject({
    kind: "failed",
    failure: { class: "spec", code: "E_LOOK_AHEAD" },
  });
  expect(outcome).toMatchObject({
    failure: {
      message: expect.stringMatching(
        /on AAPL, row 20 \(2013-\d\d-\d\d\), \{"rows":20\}: it asks for row 21/,
      ),
    },
  });
  expect(context.outputs.size).toBe(0);
});

test.each([
  [
    "divides by a move of nothing",
    "export const target = (b, p) => Math.min(1, 0.001 / Math.abs(b.at(-1).close / b.at(-2).close - 1)) * (b.at(-1).close === b.at(-2).close ? NaN : 1);",
    "E_STRATEGY_WEIGHT",
    /row \d+ \(.*its weight is NaN/,
  ],
  [
    "counts on rising prices",
    "export const target = (b) => { if (b.at(-1).close < b.at(-2).close * 0.85) throw new Error('crash'); return 1; };",
    "E_STRATEGY_THROWS",
    /shuffled rows/,
  ],
])("one that %s fails on rows that no market makes", async (_, source, code, message) => {
  const { outcome } = await run(text(source), [{}]);
  expect(outcome).toMatchObject({ kind: "failed", failure: { class: "spec", code } });
  expect(outcome?.kind === "failed" && outcome.failure.message).toMatch(message);
});

test.each([
  ["isn't UTF-8", new Uint8Array([0x65, 0xff, 0xfe]), "E_STRATEGY_SOURCE"],
  ["is absent, and nobody is set up to write it", undefined, "E_NO_SOURCE"],
])("one that %s is the author's to mend", async (_, source, code) => {
  const { outcome } = await run(source, [{}]);
  expect(outcome).toMatchObject({ kind: "failed", failure: { class: "spec", code } });
});
