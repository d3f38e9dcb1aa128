import * as fc from "fast-check";
import { expect, test } from "vitest";

import { BootstrapBands, bootstrapBands } from "./bootstrap.ts";
import { maxDrawdown, sharpeRatio, totalReturn } from "./figures.ts";
import { PerformanceDrift, performanceDrift } from "./performance-drift.ts";
import { simpleReturns } from "./returns.ts";
import { sampleCloses } from "./sample-bars.ts";

const net = simpleReturns(sampleCloses(600));
const bands = bootstrapBands({ barsPerYear: 252, net, seed: 11, samples: 400, horizonRows: 252 });

test("the same seed gives the same bands, another seed others", () => {
  const again = bootstrapBands({ barsPerYear: 252, net, seed: 11, samples: 400, horizonRows: 252 });
  expect(JSON.stringify(again)).toBe(JSON.stringify(bands));
  expect(
    bootstrapBands({ barsPerYear: 252, net, seed: 12, samples: 400, horizonRows: 252 }),
  ).not.toEqual(bands);
  expect(BootstrapBands.parse(bands)).toEqual(bands);
});

test("bands drawn in an earlier version are still drawn, so an old run can be repeated", () => {
  expect(bands.sharpe?.p05).toBeCloseTo(-0.9539783198266877, 12);
  expect(bands.total.p50).toBeCloseTo(0.05577753386190876, 12);
  expect(bands.maxDrawdown.p01).toBeCloseTo(-0.46378034941372015, 12);
});

test("every row can be drawn, the last one too", () => {
  const drawn = bootstrapBands({
    barsPerYear: 252,
    net: [0.1, -0.1],
    seed: 1,
    samples: 50,
    blockRows: 1,
    horizonRows: 1,
  });
  expect(drawn.total.p01).toBeCloseTo(-0.1, 12);
  expect(drawn.total.p99).toBeCloseTo(0.1, 12);
});

test("percentiles ascend and the middle is near the figures of the returns themselves", () => {
  for (const figure of ["sharpe", "total", "maxDrawdown"] as const) {
    const levels = Object.values(bands[figure] ?? {});
    expect(levels).toEqual(levels.toSorted((a, b) => a - b));
  }
  const whole = bootstrapBands({ barsPerYear: 252, net, seed: 1, samples: 400 });
  expect(whole.horizonRows).toBe(599);
  expect(whole.sharpe?.p05).toBeLessThan(sharpeRatio(net, 252) ?? 0);
  expect(whole.sharpe?.p95).toBeGreaterThan(sharpeRatio(net, 252) ?? 0);
  expect(whole.maxDrawdown.p99).toBeLessThanOrEqual(0);
});

test("one block as long as the series is the series turned round, so its mean and spread are kept", () => {
  const turned = bootstrapBands({
    barsPerYear: 252,
    net,
    seed: 3,
    samples: 20,
    blockRows: net.length,
  });
  expect(turned.sharpe?.p01).toBeCloseTo(sharpeRatio(net, 252) ?? 0, 9);
  expect(turned.sharpe?.p99).toBeCloseTo(sharpeRatio(net, 252) ?? 0, 9);
  expect(turned.total.p50).toBeCloseTo(totalReturn(net), 9);
  expect(turned.maxDrawdown.p01).toBeLessThan(turned.maxDrawdown.p99);
});

test("blocks keep streaks together: a series in streaks falls deeper than its shuffled days", () => {
  const streaks = Array.from({ length: 400 }, (_, row) => (row % 40 < 20 ? 0.01 : -0.01));
  const settings = { net: streaks, seed: 5, samples: 300 };
  const days = bootstrapBands({ ...settings, barsPerYear: 252, blockRows: 1 });
  const blocks = bootstrapBands({ ...settings, barsPerYear: 252, blockRows: 20 });
  expect(blocks.maxDrawdown.p50).toBeLessThan(days.maxDrawdown.p50);
});

test("sizes out of range are refused before any work", () => {
  const run = (input: object) => () => bootstrapBands({ barsPerYear: 252, net, seed: 1, ...input });
  expect(run({ samples: 10_001 })).toThrow(/E_LIMIT samples: 10001/);
  expect(run({ samples: 10_000, horizonRows: 20_000 })).toThrow(/E_LIMIT.*bootstrapWork/);
  expect(run({ horizonRows: 100_001 })).toThrow(/E_LIMIT/);
  expect(run({ samples: 0 })).toThrow(/E_INVALID samples: 0/);
  expect(run({ blockRows: 600 })).toThrow(/blockRows: 600.*1 to 599/);
  expect(run({ horizonRows: 2.5 })).toThrow(/horizonRows: 2.5/);
  expect(run({ seed: -1 })).toThrow(/seed: -1/);
  expect(run({ seed: Number.NaN })).toThrow(/seed: NaN/);
  expect(run({ net: [0.1] })).toThrow(/net: 1 /);
  expect(run({ net: [0.1, Infinity] })).toThrow(/net: Infinity/);
});

test("performance like the backtest's is within its bands", () => {
  const drift = performanceDrift(net.slice(100, 352), bands, { edge: "p01", barsPerYear: 252 });
  expect(PerformanceDrift.parse(drift)).toEqual(drift);
  expect(drift).toMatchObject({ drifted: false, rows: 252 });
  expect(drift.checks.map(({ place }) => place)).toEqual(["within", "within", "within"]);
});

test("a losing year has drifted, and the report says in which figures", () => {
  const losing = net.slice(0, 252).map((value) => value - 0.01);
  const drift = performanceDrift(losing, bands, { barsPerYear: 252 });
  expect(drift.drifted).toBe(true);
  expect(drift.checks).toEqual([
    expect.objectContaining({
      figure: "sharpe",
      place: "below",
      measured: sharpeRatio(losing, 252),
    }),
    expect.objectContaining({ figure: "total", place: "below", low: bands.total.p05 }),
    expect.objectContaining({
      figure: "maxDrawdown",
      place: "below",
      measured: maxDrawdown(losing),
    }),
  ]);
});

test("a year far better than expected is shown as above and is no drift", () => {
  const drift = performanceDrift(
    net.slice(0, 252).map((value) => Math.abs(value)),
    bands,
    { barsPerYear: 252 },
  );
  expect(drift.drifted).toBe(false);
  expect(drift.checks.map(({ place }) => place)).toEqual(["above", "above", "above"]);
});

test("bands of another horizon are refused", () => {
  expect(() => performanceDrift(net, bands, { barsPerYear: 252 })).toThrow(
    /net.length: 599.*252 rows/,
  );
});

test("any returns within -100 % give bands of finite numbers, total and drawdown not below -1", () => {
  const returns = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), {
    minLength: 2,
    maxLength: 30,
  });
  fc.assert(
    fc.property(returns, fc.nat(1000), (values, seed) => {
      const drawn = bootstrapBands({
        barsPerYear: 252,
        net: values,
        seed,
        samples: 20,
        blockRows: 2,
      });
      expect(BootstrapBands.safeParse(drawn).success).toBe(true);
      expect(drawn.total.p01).toBeGreaterThanOrEqual(-1);
      expect(drawn.maxDrawdown.p01).toBeGreaterThanOrEqual(-1);
    }),
    { numRuns: 50 },
  );
});
