/**
 * A strategy that somebody wrote. There is no library to hold it against; instead of that:
 *
 * T1: it gives a weight for every row that it is asked on, in its bounds, and gets each row only after it answered the one before.
 * T2: the same rows give the same weights, in a process that never saw the first run.
 * T3: rows that are changed later change nothing before them.
 * T4: rows that no market makes (none but a few, shuffled, always the same) give weights too, and no error.
 */
import { createHash } from "node:crypto";

import type { StrategyBar } from "@baton/artifacts";
import { type StageContext, StageFailure } from "@baton/lanekit";
import {
  CHILD_SHA256,
  runStrategy,
  strategyFailure,
  type StrategyFault,
} from "@baton/strategy-runner";
import { catalogEntryOf } from "@baton/templates";

import type { BuildInputs, BuiltStrategy } from "./built-strategy.ts";
import type { TestResult } from "./generated-test.ts";
import { spread } from "./test-data.ts";
import { asDelivered, type WritingParts, writtenSource } from "./written-source.ts";

/** Parameter sets that are tested, spread over the grid; lane C runs all of them. */
const TESTED_SETS = 24;
/** Where later rows are changed, as shares of all rows. */
const CUTS = [0.4, 0.7] as const;

const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

/** Fetches and tests it. Throws a StageFailure: `spec` if it is the source's fault. */
export async function buildAuthoredStrategy(
  context: StageContext,
  inputs: BuildInputs,
  writing: WritingParts,
): Promise<BuiltStrategy> {
  const { candidateId, spec } = inputs.research;
  context.progress("fetching the source");
  const named = spec.strategy.authored?.source;
  const source =
    named === undefined
      ? decoded(await writtenSource(context, inputs, writing))
      : decoded(await context.fetch(named.sha256));
  const tests = await tested(context, inputs, source).catch((error: unknown) => {
    throw named === undefined ? asDelivered(error) : error;
  });
  const sourceSha256 = sha256(source);
  return {
    source,
    sourceSha256,
    testSha256: CHILD_SHA256,
    secondOpinion: "a second run of its own",
    catalogEntry: catalogEntryOf({ candidateId, spec }, sourceSha256),
    beside: {},
    tests,
  };
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const nowhere = { row: null, date: null, parameters: null };
    throw refused({ code: "E_STRATEGY_SOURCE", message: "it isn't UTF-8", ...nowhere }, { cause });
  }
}

/** One instrument's tests, in the order in which the first that fails is told. */
async function tested(
  context: StageContext,
  { research, loaded, sandbox }: BuildInputs,
  source: string,
): Promise<TestResult[]> {
  const { strategy, seed } = research.spec;
  const { warmUpRows, weights } = strategy.authored ?? {
    warmUpRows: 1,
    weights: { least: 0, most: 1 },
  };
  const sets = spread(research.trials, TESTED_SETS).map(({ parameters }) => parameters);
  const targetsOn = async (bars: readonly StrategyBar[], on: string) => {
    const run = { source, sets, seed, warmUpRows, weights, bars };
    const answer = await runStrategy(run, { sandbox, signal: context.signal });
    if (answer.kind === "unavailable") throw new StageFailure(answer.failure);
    if (answer.kind === "fault") throw refused(answer.fault, { on });
    return answer.targets;
  };
  const results: TestResult[] = [];
  const passed = (name: string) => void results.push({ name, result: "pass", message: null });
  for (const { instrument, bars } of loaded) {
    context.progress(`running it on ${instrument}`);
    const first = await targetsOn(bars, instrument);
    passed(`${instrument}: a weight for every row`);
    const requireSame = (again: readonly Float64Array[], rows: number, what: string) => {
      const row = firstDifference(first, again, rows);
      if (row === undefined) return passed(`${instrument}: ${what}`);
      const at = { row, date: bars[row]?.date ?? null, parameters: null };
      throw refused(
        { code: "E_STRATEGY_DIFFERS", message: `not so: ${what}`, ...at },
        { on: instrument },
      );
    };
    requireSame(
      await targetsOn(bars, instrument),
      bars.length,
      "the same rows give the same weights",
    );
    for (const share of CUTS) {
      const cut = Math.floor(bars.length * share);
      const changed = await targetsOn(
        changedFrom(bars, cut),
        `${instrument}, changed from row ${cut} on`,
      );
      requireSame(changed, cut, `rows changed from ${cut} on change no weight before`);
    }
    for (const [what, rows] of unusual(bars, warmUpRows)) {
      await targetsOn(rows, `${instrument}, ${what}`);
      passed(`${instrument}: a weight for every row of ${what}`);
    }
  }
  return results;
}

/** The first row on which two runs differ, of the first `rows`. */
function firstDifference(
  one: readonly Float64Array[],
  other: readonly Float64Array[],
  rows: number,
): number | undefined {
  for (let row = 0; row < rows; row += 1)
    if (one.some((series, set) => series[row] !== other[set]?.[row])) return row;
  return undefined;
}

/** The same dates, with prices from `cut` on in the opposite order. */
function changedFrom(bars: readonly StrategyBar[], cut: number): StrategyBar[] {
  const later = bars.slice(cut).toReversed();
  return bars.map((bar, row) => ({ ...(later[row - cut] ?? bar), date: bar.date }));
}

/** Rows that no market makes; a fifth of them is enough. */
function unusual(
  bars: readonly StrategyBar[],
  warmUpRows: number,
): (readonly [string, readonly StrategyBar[]])[] {
  const some = bars.slice(0, Math.max(warmUpRows + 20, Math.floor(bars.length / 5)));
  // By digests of their dates: in the same disorder every time.
  const order = some.toSorted((a, b) => (sha256(a.date) < sha256(b.date) ? -1 : 1));
  const withPricesOf = (of: (row: number) => StrategyBar | undefined) =>
    some.map((bar, row) => ({ ...bar, ...of(row), date: bar.date }));
  return [
    ["one row more than its warm-up", bars.slice(0, warmUpRows + 1)],
    ["shuffled rows", withPricesOf((row) => order[row])],
    ["rows without a move", withPricesOf(() => some[0])],
  ];
}

function refused(
  fault: StrategyFault,
  { on, cause }: { readonly on?: string; readonly cause?: unknown } = {},
) {
  return new StageFailure(strategyFailure(fault, on), { cause });
}
