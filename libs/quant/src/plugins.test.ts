import * as fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";

import { closesOf } from "./bar.ts";
import { examineStrategy, recomputedTargets } from "./examination.ts";
import { definePlugin } from "./plugin.ts";
import { findPlugin, PLUGINS } from "./plugins.ts";
import { sampleBars, sampleCloses } from "./sample-bars.ts";
import { SMA_CROSS_GRID, smaCross } from "./sma-cross.ts";
import { tsmomVolTarget } from "./tsmom-vol-target.ts";
import { tsmom } from "./tsmom.ts";

const prices = fc.array(fc.double({ min: 1, max: 500, noNaN: true }), {
  minLength: 12,
  maxLength: 60,
});

test("the registry holds the plugins by name and knows no other", () => {
  expect(Object.keys(PLUGINS)).toEqual(["sma-cross", "tsmom", "tsmom-vol-target"]);
  expect(findPlugin("tsmom")).toBe(tsmom);
  for (const name of ["momentum", "__proto__", "constructor", ""]) {
    expect(() => findPlugin(name)).toThrow(/E_INVALID plugin.*sma-cross, tsmom, tsmom-vol-target/);
  }
});

test("an average cross is long only while the fast mean is above the slow one", () => {
  const [signals] = smaCross
    .bind({ fast: 2, slow: 3 })
    .targets([sampleBars([1, 2, 3, 3, 1, 1, 4])]);
  // fast: 2.5, 3, 2, 1, 2.5; slow: 2, 8/3, 7/3, 5/3, 2.
  expect(signals).toEqual([0, 0, 1, 1, 0, 0, 1]);
});

test("a market that stands still is a tie for every price, so flat", () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-3, max: 1e6, noNaN: true }), (price) => {
      const flat = [sampleBars(Array.from({ length: 30 }, () => price))];
      const [signals = []] = smaCross.bind({ fast: 3, slow: 7 }).targets(flat);
      expect(new Set(signals)).toEqual(new Set([0]));
    }),
  );
});

test("momentum follows the sign of the past change, and a fall is flat or short as asked", () => {
  const bars = [sampleBars([10, 11, 9, 11, 11, 11])];
  expect(tsmom.bind({ lookbackRows: 2 }).targets(bars)).toEqual([[0, 0, 0, 0, 1, 0]]);
  const longShort = tsmom.bind({ lookbackRows: 2, afterFall: -1 });
  expect(longShort.targets(bars)).toEqual([[0, 0, -1, 0, 1, 0]]);
  expect(tsmom.bind({}).parameters).toEqual({ lookbackRows: 252, afterFall: 0 });
});

test("volatility targeting sizes each instrument and scales them to 1 together", () => {
  const parameters = { momentumRows: 2, volatilityRows: 2, dailyVolatility: 0.01 };
  const strategy = tsmomVolTarget.bind(parameters);
  // Last two returns of the first: 0.02, 0.06, deviation 0.02, raw 0.5; of the second 0.01, 0.01: raw 1.
  const rising = sampleBars([100, 102, 108.12]);
  const steady = sampleBars([256, 512, 1024]);
  const falling = sampleBars([100, 90, 95]);
  expect(strategy.target([rising])[0]).toBeCloseTo(0.5, 12);
  expect(strategy.target([steady])).toEqual([1]);
  expect(strategy.target([falling])).toEqual([0]);
  const [first = 0, second = 0, third = 0] = strategy.target([rising, steady, falling]);
  expect(first).toBeCloseTo(1 / 3, 12);
  expect(second).toBeCloseTo(2 / 3, 12);
  expect(third).toBe(0);
  // Aiming at 10 % the first asks for 5, gets 1, and only then are both scaled.
  const bold = tsmomVolTarget.bind({ ...parameters, dailyVolatility: 0.1 });
  expect(bold.target([rising])).toEqual([1]);
  expect(bold.target([rising, steady])).toEqual([0.5, 0.5]);
  expect(strategy.target([rising.slice(0, 2), steady.slice(0, 2)])).toEqual([0, 0]);
});

const strategies = [
  ...SMA_CROSS_GRID.map((parameters) => ["sma-cross", parameters, 1] as const),
  ["sma-cross", { fast: 1, slow: 2 }, 1] as const,
  ["tsmom", {}, 1] as const,
  ["tsmom", { lookbackRows: 20, afterFall: -1 }, 1] as const,
  ["tsmom-vol-target", {}, 2] as const,
  ["tsmom-vol-target", { momentumRows: 5, volatilityRows: 30, dailyVolatility: 0.02 }, 3] as const,
];

test.each(strategies)(
  "%s with %j passes every check on a market",
  (name, parameters, instruments) => {
    const panel = Array.from({ length: instruments }, (_, k) => sampleBars(sampleCloses(420, k)));
    const examinations = examineStrategy(findPlugin(name).bind(parameters), panel);
    expect(examinations.filter(({ pass }) => !pass)).toEqual([]);
    expect(examinations.every(({ rows }) => rows > 0)).toBe(true);
  },
);

test("no price after a row changes the target of that row", () => {
  fc.assert(
    fc.property(prices, prices, fc.nat(), (past, future, pick) => {
      const cut = (pick % (past.length - 2)) + 2;
      const known = past.slice(0, cut);
      for (const [name, parameters] of [
        ["sma-cross", { fast: 2, slow: 5 }],
        ["tsmom", { lookbackRows: 4, afterFall: -1 }],
        ["tsmom-vol-target", { momentumRows: 4, volatilityRows: 3 }],
      ] as const) {
        const strategy = findPlugin(name).bind(parameters);
        const [one = []] = strategy.targets([sampleBars(past)]);
        const [other = []] = strategy.targets([sampleBars([...known, ...future])]);
        expect(other.slice(0, cut)).toEqual(one.slice(0, cut));
        expect(recomputedTargets(strategy, [sampleBars(known)])).toEqual([one.slice(0, cut)]);
      }
    }),
    { numRuns: 50 },
  );
});

test("weights stay within bounds and, over several instruments, within the whole equity", () => {
  const panels = fc.array(prices, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(panels, (series) => {
      const rows = Math.min(...series.map(({ length }) => length));
      const panel = series.map((closes) => sampleBars(closes.slice(0, rows)));
      const strategy = tsmomVolTarget.bind({ momentumRows: 3, volatilityRows: 2 });
      const targets = strategy.targets(panel);
      for (let row = 0; row < rows; row += 1) {
        const column = targets.map((weights) => weights[row] ?? Number.NaN);
        expect(column.every((weight) => weight >= 0 && weight <= 1)).toBe(true);
        expect(column.reduce((sum, weight) => sum + weight, 0)).toBeLessThanOrEqual(1 + 1e-12);
      }
    }),
    { numRuns: 50 },
  );
});

test.each([
  ["sma-cross", { fast: 50, slow: 20 }, /sma-cross.fast.*fast < slow/],
  ["sma-cross", { fast: 0, slow: 20 }, /sma-cross.fast/],
  ["sma-cross", { fast: 5, slow: 1e9 }, /sma-cross.slow.*504/],
  ["sma-cross", { fast: 5.5, slow: 20 }, /sma-cross.fast.*int/],
  ["sma-cross", { fast: 5, slow: 20, window: 3 }, /window/],
  ["sma-cross", null, /sma-cross: null/],
  ["tsmom", { afterFall: -2 }, /tsmom.afterFall/],
  ["tsmom-vol-target", { dailyVolatility: Number.NaN }, /dailyVolatility/],
])("%s refuses the parameters %j and says which", (name, parameters, message) => {
  expect(() => findPlugin(name).bind(parameters)).toThrow(message);
});

test("a plugin for one instrument refuses two", () => {
  const bars = sampleBars([1, 2]);
  expect(() => smaCross.bind({ fast: 1, slow: 2 }).targets([bars, bars])).toThrow(/exactly one/);
  expect(() => tsmomVolTarget.bind({}).target([])).toThrow(/at least one/);
});

const cheat = (peek: (closes: readonly number[], row: number) => number, warmUp = 0) =>
  definePlugin({
    name: "cheat",
    scope: "one",
    Parameters: z.strictObject({}),
    warmUpRows: () => warmUp,
    bounds: () => ({ least: 0, most: 1 }),
    target: ([bars = []]) => [peek(closesOf(bars), bars.length - 1)],
    targets: ([bars = []]) => [bars.map((_, row) => peek(closesOf(bars), row))],
  }).bind({});

const examined = (strategy: ReturnType<typeof cheat>) =>
  examineStrategy(strategy, [sampleBars(sampleCloses(200))])
    .filter(({ pass }) => !pass)
    .map(({ name }) => name);

test("a strategy that looks ahead, trades in its warm-up or leaves its bounds is caught", () => {
  const tomorrow = cheat((closes, row) => ((closes[row + 1] ?? 0) > (closes[row] ?? 0) ? 1 : 0));
  expect(examined(tomorrow)).toEqual(["no-look-ahead", "same-row-by-row"]);
  const normalised = cheat((closes, row) => (closes[row] ?? 0) / Math.max(...closes));
  expect(examined(normalised)).toContain("no-look-ahead");
  expect(examined(cheat(() => 1, 10))).toEqual(["warm-up-flat"]);
  expect(examined(cheat(() => 1.01))).toEqual(["within-bounds"]);
  let calls = 0;
  expect(examined(cheat(() => ((calls += 1) % 7) / 7))).toContain("deterministic");
});

test("an endless history is refused before it is recomputed", () => {
  const panel = [sampleBars(Array.from({ length: 10_001 }, () => 1))];
  expect(() => examineStrategy(tsmom.bind({}), panel)).toThrow(/E_LIMIT.*examinedRows <= 10000/);
});
