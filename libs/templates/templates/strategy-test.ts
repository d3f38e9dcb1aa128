/**
 * What every strategy has to prove before it is backtested. `data.json`, if it is there, holds prices and the weights of
 * the reference implementation; without it the same is proven on made-up prices.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { secondOpinion } from "./sma-cross/second-opinion.ts";
import * as strategy from "./sma-cross/strategy.ts";

interface Bar {
  readonly date: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}
type Weights = readonly (readonly number[])[];
interface ParameterSet {
  readonly parameters: Record<string, number>;
  readonly warmUpRows?: number;
  readonly bounds?: { readonly least: number; readonly most: number };
}
interface Data {
  readonly sets: readonly ParameterSet[];
  /** Bars by instrument and row; `expected` by set, instrument and row. */
  readonly panels: readonly {
    readonly label: string;
    readonly bars: readonly (readonly Bar[])[];
    readonly expected?: readonly Weights[];
  }[];
}

/** Histories that are cut, and rows that are computed alone. */
const CUTS = 24;
const SINGLE_ROWS = 150;
const TOLERANCE = 1e-9;
/** Beginnings of names that reach outside a pure function. */
const OUTSIDE =
  /\b(import|require|process|globalThis|fetch|Date|setTimeout|setInterval|queueMicrotask|eval|Function|WebSocket|performance|crypto)\b|Math\.random/;

const here = (file: string) => join(import.meta.dirname, file);
const readJson = (file: string) => JSON.parse(readFileSync(here(file), "utf8"));

/** A wave with a drift: rises, falls and turning points on every scale that a strategy may look back. */
function madeUp(): Data {
  const catalog: { readonly parameterSets: readonly Record<string, number>[] } =
    readJson("catalog-entry.json");
  const bars = Array.from({ length: 1500 }, (_, row) => {
    const close =
      100 * Math.exp(0.0003 * row + 0.2 * Math.sin(row / 40) + 0.03 * Math.sin(row * row));
    const date = new Date(86_400_000 * row).toISOString().slice(0, 10);
    return { date, open: close, high: close, low: close, close, volume: 0 };
  });
  const sets = catalog.parameterSets.slice(0, 24).map((parameters) => ({ parameters }));
  return { sets, panels: [{ label: "made up", bars: [bars] }] };
}

/** `count` of the rows from `first` up to `last`, evenly spread, both included. */
function spread(first: number, last: number, count: number): number[] {
  const rows = Array.from({ length: count }, (_, k) =>
    Math.round(first + ((last - first) * k) / (count - 1)),
  );
  return [...new Set(rows)].filter((row) => row >= 0 && row <= last);
}

/** All the way down: a strategy that changes its input throws. */
function freeze(bars: readonly (readonly Bar[])[]): void {
  for (const series of bars) {
    for (const bar of series) Object.freeze(bar);
    Object.freeze(series);
  }
  Object.freeze(bars);
}

const upTo = (bars: readonly (readonly Bar[])[], row: number) =>
  Object.freeze(bars.map((series) => Object.freeze(series.slice(0, row + 1))));

/** Fails at the first of the first `rows` rows in which a weight differs. */
function assertSame(
  ours: Weights,
  theirs: Weights,
  { rows, where }: { readonly rows: number; readonly where: (row: number) => string },
): void {
  assert.equal(ours.length, theirs.length, `${where(0)}: number of instruments`);
  for (const [instrument, series] of theirs.entries())
    for (let row = 0; row < rows; row += 1) {
      const [seen, wanted] = [ours[instrument]?.[row], series[row]];
      if (!Object.is(seen, wanted)) assert.fail(`${where(row)}: ${seen}, should be ${wanted}`);
    }
}

function assertClose(ours: number | undefined, theirs: number | undefined, what: string): void {
  const apart = Math.abs((ours ?? Number.NaN) - (theirs ?? Number.NaN));
  if (apart <= TOLERANCE * Math.max(1, Math.abs(theirs ?? 0))) return;
  assert.fail(`${what}: ${ours} here, ${theirs} there`);
}

const { sets, panels }: Data = existsSync(here("data.json")) ? readJson("data.json") : madeUp();

void test("the source names nothing of the outside world", () => {
  const code = readFileSync(here("strategy.ts"), "utf8")
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .replaceAll(/\/\/.*/g, "");
  const named = OUTSIDE.exec(code)?.[0];
  if (named !== undefined) assert.fail(`it names ${named}`);
});

void test("warm-up and bounds are those of the reference", () => {
  for (const { parameters, warmUpRows, bounds } of sets) {
    assert.equal(strategy.warmUpRows(parameters), warmUpRows ?? strategy.warmUpRows(parameters));
    assert.deepEqual(strategy.bounds(parameters), bounds ?? strategy.bounds(parameters));
  }
});

for (const { label, bars, expected } of panels) {
  const rows = bars[0]?.length ?? 0;
  freeze(bars);
  const computed = sets.map(({ parameters }) => strategy.targets(bars, parameters));
  /** Runs a check on every parameter set. */
  const every = (
    check: (of: {
      readonly parameters: Record<string, number>;
      readonly weights: Weights;
      readonly set: number;
      readonly where: (row: number) => string;
    }) => void,
  ) => {
    for (const [set, { parameters }] of sets.entries()) {
      const where = (row: number) =>
        `${JSON.stringify(parameters)}, row ${row} (${bars[0]?.[row]?.date ?? "none"})`;
      check({ parameters, weights: computed[set] ?? [], set, where });
    }
  };

  void test(`${label}: a weight needs no row after its own`, () => {
    every(({ parameters, weights, where }) => {
      const edge = strategy.warmUpRows(parameters);
      for (const cut of [...spread(edge - 1, rows - 2, CUTS), edge, 0])
        assertSame(strategy.targets(upTo(bars, cut), parameters), weights, {
          rows: cut + 1,
          where: (row) => `${where(row)} of a history that ends at row ${cut}`,
        });
    });
  });

  void test(`${label}: row by row gives the same weights as all at once`, () => {
    every(({ parameters, weights, where }) => {
      for (const row of spread(0, rows - 1, SINGLE_ROWS)) {
        const alone = strategy.target(upTo(bars, row), parameters).map((weight) => [weight]);
        const wanted = weights.map((series) => [series[row] ?? Number.NaN]);
        assertSame(alone, wanted, { rows: 1, where: () => where(row) });
      }
    });
  });

  void test(`${label}: the same rows give the same weights again`, () => {
    every(({ parameters, weights, where }) => {
      assertSame(strategy.targets(bars, parameters), weights, { rows, where });
    });
  });

  void test(`${label}: the warm-up is flat`, () => {
    every(({ parameters, weights, where }) => {
      const flat = bars.map((series) => series.map(() => 0));
      const warmUp = Math.min(strategy.warmUpRows(parameters), rows);
      assertSame(weights, flat, { rows: warmUp, where });
    });
  });

  void test(`${label}: every weight is a number within its bounds`, () => {
    every(({ parameters, weights, where }) => {
      const { least, most } = strategy.bounds(parameters);
      assert.equal(weights.length, bars.length);
      for (const series of weights) {
        assert.equal(series.length, rows);
        const outside = series.findIndex((weight) => !(weight >= least && weight <= most));
        if (outside >= 0) assert.fail(`${where(outside)}: ${series[outside]}`);
      }
    });
  });

  void test(`${label}: a library of its own comes to the same values and weights`, () => {
    every(({ parameters, where }) => {
      for (const series of bars) assertLibraryAgrees(series, parameters, where);
    });
  });

  const skip = expected === undefined ? "no reference weights without data.json" : false;
  void test(`${label}: every weight is that of the reference, to the last digit`, { skip }, () => {
    every(({ weights, set, where }) => {
      assertSame(weights, expected?.[set] ?? [], { rows, where });
    });
  });
}

/** The library sees one instrument at a time. */
function assertLibraryAgrees(
  series: readonly Bar[],
  parameters: Record<string, number>,
  where: (row: number) => string,
): void {
  const opinion = secondOpinion(
    series.map((bar) => bar.close),
    parameters,
  );
  for (const row of spread(strategy.warmUpRows(parameters), series.length - 1, SINGLE_ROWS)) {
    const ours = strategy.indicators(upTo([series], row), parameters);
    for (const [indicator, values] of Object.entries(opinion.indicators))
      assertClose(ours[indicator], values[row] ?? undefined, `${where(row)}: ${indicator}`);
  }
  const [weights = []] = strategy.targets([series], parameters);
  for (const [row, weight] of weights.entries()) {
    // At a turning point the two may round to different sides.
    if ((opinion.margins[row] ?? 0) < TOLERANCE) continue;
    assertClose(weight, opinion.weights[row], `${where(row)}: weight`);
  }
}
