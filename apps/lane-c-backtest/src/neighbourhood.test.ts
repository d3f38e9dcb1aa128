import { definePlugin, smaCross, tsmom, tsmomVolTarget } from "@baton/quant";
import { expect, test } from "vitest";
import { z } from "zod";

import { neighbourhood, neighboursOf } from "./neighbourhood.ts";
import { sampleBars } from "./testing/sample-inputs.ts";

test("Each parameter moves alone by 10 and 20 per cent, to whole numbers where the plugin wants them.", () => {
  expect(neighboursOf(smaCross, { fast: 10, slow: 50 })).toEqual([
    { fast: 8, slow: 50 },
    { fast: 9, slow: 50 },
    { fast: 11, slow: 50 },
    { fast: 12, slow: 50 },
    { fast: 10, slow: 40 },
    { fast: 10, slow: 45 },
    { fast: 10, slow: 55 },
    { fast: 10, slow: 60 },
  ]);
});

test("A small whole number moves by one at least, without repeats and without what the plugin refuses.", () => {
  expect(neighboursOf(smaCross, { fast: 2, slow: 3 })).toEqual([
    { fast: 1, slow: 3 },
    { fast: 2, slow: 4 },
  ]);
});

test("A parameter that takes fractions isn't rounded.", () => {
  const chosen = { momentumRows: 60, volatilityRows: 20, dailyVolatility: 0.01 };
  const moved = neighboursOf(tsmomVolTarget, chosen).map(({ dailyVolatility }) => dailyVolatility);
  expect(moved.filter((value) => value !== 0.01).map((value) => value?.toFixed(6))).toEqual([
    "0.008000",
    "0.009000",
    "0.011000",
    "0.012000",
  ]);
});

test("A parameter at 0 or below is a mode and stays.", () => {
  for (const afterFall of [0, -1]) {
    const neighbours = neighboursOf(tsmom, { lookbackRows: 100, afterFall });
    expect(neighbours.map((parameters) => parameters["lookbackRows"])).toEqual([80, 90, 110, 120]);
    expect(new Set(neighbours.map((parameters) => parameters["afterFall"]))).toEqual(
      new Set([afterFall]),
    );
  }
});

/** Long on rising days only, and with parameters far from 10 on ever more falling days instead: it needs tomorrow's close. */
const oracle = (width: number, bars: ReturnType<typeof sampleBars>) =>
  definePlugin({
    name: "oracle",
    scope: "one",
    Parameters: z.strictObject({ size: z.int().min(1).max(100) }),
    warmUpRows: () => 0,
    bounds: () => ({ least: 0, most: 1 }),
    target: () => [0],
    targets: (_, { size }) => [
      bars.map(({ close }, row) => {
        const rises = (bars[row + 1]?.close ?? 0) > close;
        const wrong = (row * 7919) % 100 < Math.abs(size - 10) * width;
        return rises !== wrong ? 1 : 0;
      }),
    ],
  });

test("On a plateau the neighbours keep nearly everything; on a narrow peak they keep little.", () => {
  const bars = sampleBars(800);
  const rows = { instrument: "AAA", bars };
  const measured = (width: number) =>
    neighbourhood({
      plugin: oracle(width, bars),
      rows,
      chosen: { size: 10 },
      costBps: 0,
      barsPerYear: 252,
    });
  const plateau = measured(2);
  const peak = measured(25);
  expect(plateau.sharpe).toBe(peak.sharpe);
  expect(plateau.median).toBeGreaterThan(0.8);
  expect(peak.median).toBeLessThan(0.6);
  expect(peak.least).toBeLessThan(peak.median ?? 0);
  expect(peak.neighbours.map(({ parameters }) => parameters["size"])).toEqual([8, 9, 11, 12]);
});

test("Chosen parameters that lost money keep nothing, whatever their neighbours do.", () => {
  const bars = sampleBars(800);
  const rows = { instrument: "AAA", bars };
  const lost = neighbourhood({
    plugin: oracle(100, bars),
    rows,
    chosen: { size: 12 },
    costBps: 0,
    barsPerYear: 252,
  });
  expect(lost.sharpe).toBeLessThan(0);
  expect(lost).toMatchObject({ median: 0, least: 0 });
});

test("Without a neighbour there is no median, and so no claim of robustness.", () => {
  const bars = sampleBars(300);
  const chosen = { lookbackRows: 100 };
  const plugin = definePlugin({
    name: "fixed",
    scope: "one",
    Parameters: z.strictObject({ lookbackRows: z.literal(100) }),
    warmUpRows: () => 0,
    bounds: () => ({ least: 0, most: 1 }),
    target: () => [1],
    targets: ([own = []]) => [own.map(() => 1)],
  });
  const rows = { instrument: "AAA", bars };
  expect(neighbourhood({ plugin, rows, chosen, costBps: 0, barsPerYear: 252 })).toMatchObject({
    neighbours: [],
    median: null,
    least: null,
  });
});
