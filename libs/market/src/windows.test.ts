import { CandidateSpec } from "@baton/artifacts";
import { DEFAULT_WALK_FORWARD_LIMITS as LIMITS, type WalkForwardLimits } from "@baton/contracts";
import { foldSpans } from "@baton/quant";
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { type CandidateData, onSharedDates } from "./candidate-data.ts";
import { readCandidate } from "./candidate-document.ts";
import { datasetFrom } from "./manifest.ts";
import { rowProblems } from "./row-problems.ts";
import { jsonPath } from "./spec-problems.ts";
import { rowsNeeded, windowsOf } from "./windows.ts";

const SPEC = {
  schema: "baton.candidate.v1",
  name: "Sample",
  thesis: "What rose for a while goes on rising.",
  universe: [{ instrument: "SPX" }],
  strategy: { plugin: "sma-cross", grid: [{ fast: 10, slow: 50 }] },
  regimes: [{ name: "any", expectation: "Earns." }],
  expectation: { metric: "sharpe", atLeast: 0.1 },
  promotion: { target: "shadow", notional: 1000 },
} as const;

const specWith = (changes: object) => CandidateSpec.parse({ ...SPEC, ...changes });

const DAY_MS = 86_400_000;
/** So many rows of so many instruments, on the same dates. */
function dataOf(rows: number, instruments = 1): CandidateData {
  const bars = Array.from({ length: rows }, (_, row) => ({
    date: new Date(Date.UTC(1990, 0, 1) + row * DAY_MS).toISOString().slice(0, 10),
    open: 100,
    high: 101,
    low: 99,
    close: 100 + (row % 9) / 10,
    volume: 1,
  }));
  const named = Array.from({ length: instruments }, (_, index) => `I${index}`);
  return onSharedDates(
    named.map((instrument) =>
      datasetFrom(
        { bars, staleOpens: [] },
        {
          instrument,
          source: "made up",
          sha256: "0".repeat(64),
          nullRate: 0,
          prices: "as-given",
          format: undefined,
          splits: [],
          realMoves: [],
        },
      ),
    ),
  );
}

const rulesOf = (spec: CandidateSpec, rows: number, limits: WalkForwardLimits = LIMITS) =>
  rowProblems(spec, dataOf(rows, spec.universe.length), limits).map(
    ({ path, rule }) => `${jsonPath(path)}: ${rule}`,
  );

const universeOf = (instruments: number) => ({
  universe: Array.from({ length: instruments }, (_, index) => ({ instrument: `I${index}` })),
});

test.each([
  ["the usual windows", {}, 2725],
  ["the shortest holdout", { holdoutRows: 60 }, 2533],
  // ceil(5 / 2) = 3 folds each
  ["two instruments", universeOf(2), 2221],
  ["five instruments", universeOf(5), 1717],
  // At least 252 test rows in each, so no fewer than with five.
  ["ten instruments", universeOf(10), 1717],
  [
    "a warm-up of two years",
    { strategy: { plugin: "tsmom", grid: [{ lookbackRows: 504 }] } },
    3029,
  ],
  // 200 + 504 + 5 + 5 x 63 + 120
  ["windows of its own", { walkForward: { trainRows: 504, testRows: 63 }, holdoutRows: 120 }, 1144],
  // 4 folds of 63 on each: 252 test rows; 49 + 252 + 5 + 252 + 60
  [
    "small windows on five instruments",
    {
      ...universeOf(5),
      walkForward: { firstRow: 49, trainRows: 252, testRows: 63 },
      holdoutRows: 60,
    },
    618,
  ],
])("rows needed with %s", (_, changes, rows) => {
  expect(rowsNeeded(specWith(changes), LIMITS).rows).toBe(rows);
});

test("what is needed is taken, one row fewer isn't, and it has as many folds as gate 1 wants", () => {
  const whole = (min: number, max: number) => fc.integer({ min, max });
  const anyChoice = fc.record({
    walkForward: fc.record(
      {
        firstRow: whole(49, 400),
        trainRows: whole(252, 1200),
        purgeRows: whole(5, 30),
        testRows: whole(63, 300),
      },
      { requiredKeys: [] },
    ),
    holdoutRows: whole(60, 300),
    instruments: whole(1, 10),
  });
  const anyLimits = fc.record({
    minTrainRows: fc.constant(252),
    minPurgeRows: fc.constant(5),
    minTestRows: fc.constant(63),
    minTestedRows: whole(20, 1000),
    minFolds: whole(1, 20),
  });
  fc.assert(
    fc.property(anyChoice, anyLimits, ({ instruments, ...choice }, limits) => {
      const spec = specWith({ ...choice, ...universeOf(instruments) });
      const { rows } = rowsNeeded(spec, limits);
      expect(rulesOf(spec, rows, limits)).toEqual([]);
      expect(rulesOf(spec, rows - 1, limits)).toHaveLength(instruments);
      const windows = windowsOf(spec);
      const folds = foldSpans(rows - spec.holdoutRows, windows).length;
      expect(folds * instruments).toBeGreaterThanOrEqual(limits.minFolds);
      expect(folds * windows.testRows).toBeGreaterThanOrEqual(limits.minTestedRows);
    }),
    { numRuns: 40 },
  );
});

test("too few rows are told with what is needed, what is there and what asks for less", () => {
  expect(rulesOf(specWith({}), 1260)).toEqual([
    "universe[0].instrument: 2725 rows are needed (200 before the first fold, 1008 to train on, 5 purged, 5 x 252 to test on, 252 held back), I0 has 1260; less is needed with smaller walkForward.testRows (at least 63), walkForward.trainRows (at least 252), walkForward.firstRow (at least 49), holdoutRows (at least 60): 681 with all keys at their least",
  ]);
  expect(rulesOf(specWith({}), 680)[0]).toContain(
    "even at the least it takes 681: bring more rows, or take shorter look-backs",
  );
  const slow = specWith({ strategy: { plugin: "sma-cross", grid: [{ fast: 50, slow: 300 }] } });
  expect(rulesOf(slow, 1260)[0]).toContain(
    "holdoutRows (at least 60), look-backs in strategy.grid: 931 with all keys at their least",
  );
  const smallest = { firstRow: 49, trainRows: 252, testRows: 63 };
  expect(rulesOf(specWith({ walkForward: smallest, holdoutRows: 60 }), 680)).toEqual([
    expect.stringMatching(/I0 has 680; even at the least it takes 681/),
  ]);
});

test("what fits at the least that is told does fit", () => {
  const { knobs, least } = rowsNeeded(specWith({}), LIMITS);
  const at = (name: string) => knobs.find(([key]) => key === name)?.[1];
  const spec = specWith({
    walkForward: {
      firstRow: at("walkForward.firstRow"),
      trainRows: at("walkForward.trainRows"),
      testRows: at("walkForward.testRows"),
    },
    holdoutRows: at("holdoutRows"),
  });
  expect(rulesOf(spec, least)).toEqual([]);
});

test("windows below what the playbook allows are refused by their key, whoever chose them", () => {
  const places = (walkForward: object | undefined, limits: WalkForwardLimits = LIMITS) =>
    (readCandidate({ ...SPEC, ...(walkForward && { walkForward }) }, limits).problems ?? []).map(
      ({ path, value, rule }) => `${jsonPath(path)} ${String(value)}: ${rule}`,
    );
  expect(places({ trainRows: 252, purgeRows: 5, testRows: 63, firstRow: 49 })).toEqual([]);
  expect(places({ trainRows: 251, testRows: 62, firstRow: 48 })).toEqual([
    "walkForward.trainRows 251: at least 252: the playbook's limits.walkForward.minTrainRows",
    "walkForward.testRows 62: at least 63: the playbook's limits.walkForward.minTestRows",
    "walkForward.firstRow 48: at least 49: before, the slowest set of strategy.grid holds nothing",
  ]);
  expect(places({ purgeRows: 9 }, { ...LIMITS, minPurgeRows: 10 })).toEqual([
    "walkForward.purgeRows 9: at least 10: the playbook's limits.walkForward.minPurgeRows",
  ]);
  // The usual windows are no exception.
  expect(places(undefined, { ...LIMITS, minTrainRows: 2000 })).toEqual([
    "walkForward.trainRows 1008: at least 2000: the playbook's limits.walkForward.minTrainRows",
  ]);
});

const LATE = "walkForward: firstRow, trainRows and purgeRows at most 1213 rows together";
const LONG = "walkForward.testRows: at most 252";

test.each([
  ["first row", { firstRow: 201 }, [LATE]],
  ["train window", { trainRows: 1009 }, [LATE]],
  ["gap", { purgeRows: 6 }, [LATE]],
  ["fold", { testRows: 253 }, [LONG]],
  ["all of them", { firstRow: 3700, trainRows: 252, testRows: 1000 }, [LATE, LONG]],
  ["one, another being as much shorter", { firstRow: 199, trainRows: 1009 }, []],
  ["none", { firstRow: 200, trainRows: 1008, purgeRows: 5, testRows: 252 }, []],
])("no years are left out by a longer %s", (_, walkForward, wanted) => {
  const { problems = [] } = readCandidate({ ...SPEC, walkForward }, LIMITS);
  const places = problems.map(({ path, rule }) => `${jsonPath(path)}: ${rule}`);
  expect(places).toEqual(wanted.map((start) => expect.stringContaining(start)));
});

test("what a slow grid needs to warm up is no choice of years", () => {
  const strategy = { plugin: "sma-cross", grid: [{ fast: 50, slow: 400 }] };
  const placesOf = (walkForward: object) =>
    readCandidate({ ...SPEC, strategy, walkForward }, LIMITS).problems ?? [];
  expect(placesOf({ firstRow: 399 })).toEqual([]);
  expect(placesOf({ firstRow: 400 })).toMatchObject([{ path: ["walkForward"] }]);
});

test("a playbook that asks for longer windows can be answered", () => {
  const asked = { ...LIMITS, minTrainRows: 2000, minPurgeRows: 10, minTestRows: 300 };
  const walkForward = { trainRows: 2000, purgeRows: 10, testRows: 300 };
  expect(readCandidate({ ...SPEC, walkForward }, asked).problems).toBeUndefined();
  const longer = { ...walkForward, trainRows: 2001 };
  expect(readCandidate({ ...SPEC, walkForward: longer }, asked).problems).toHaveLength(1);
});

test("a purge below what a label looks ahead is no playbook's to allow", () => {
  const { problems = [] } = readCandidate({ ...SPEC, walkForward: { purgeRows: 4 } }, LIMITS);
  expect(problems.map(({ path }) => jsonPath(path))).toEqual(["walkForward.purgeRows"]);
  expect(
    readCandidate({ ...SPEC, walkForward: { embargoRows: 5 } }, LIMITS).problems,
  ).toMatchObject([{ rule: "unknown key; known here: firstRow, trainRows, purgeRows, testRows" }]);
});

test("many short tests after long train windows are too much work", () => {
  const grid = Array.from({ length: 200 }, (_, k) => ({ fast: 5, slow: 50 + k }));
  const walkForward = { firstRow: 250, trainRows: 8000, testRows: 63 };
  const spec = specWith({ walkForward, strategy: { plugin: "sma-cross", grid } });
  // 400,000,000 / (20,000 x 8000 / 63)
  expect(rulesOf(spec, 20_000)).toEqual([
    "strategy.grid: 200 sets over 20000 rows are too many; at most 157 sets",
  ]);
});
