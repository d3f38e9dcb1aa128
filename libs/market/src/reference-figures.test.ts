import { readFileSync } from "node:fs";
import { join } from "node:path";

import {
  backtest,
  deflatedSharpe,
  DeflatedSharpe,
  Figures,
  findPlugin,
  type Panel,
  SMA_CROSS_GRID,
  smaCross,
  StressCase,
  stressSuite,
  walkForward,
} from "@baton/quant";
import { expect, test } from "vitest";
import { z } from "zod";

import { alignByDate } from "./alignment.ts";
import { builtInMarketData } from "./built-in-market-data.ts";

/**
 * Figures of the built-in data, computed once by a program in another language that shares nothing with
 * ours but the definitions. Core packages do no I/O, so these checks of theirs live where the data is.
 */
const REFERENCE = z
  .strictObject({
    single: z.array(
      z.strictObject({
        instrument: z.string(),
        plugin: z.string(),
        parameters: z.record(z.string(), z.number()),
        figures: Figures,
      }),
    ),
    hold: Figures,
    volatilityTarget: Figures,
    walkForward: z.array(
      z.strictObject({
        instrument: z.string(),
        chosen: z.array(z.int()),
        totals: z.array(z.number()),
        firstTrain: z.array(z.number()),
        lastTrain: z.array(z.number()),
        trials: z.array(z.number()),
        figures: Figures,
        deflated: DeflatedSharpe.omit({ trials: true, rows: true }),
      }),
    ),
    stress: z.array(StressCase),
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, "reference-figures.json"), "utf8")));

const market = builtInMarketData();
const load = (instrument: string) => market.load(instrument, AbortSignal.timeout(20_000));
const panelOf = async (...instruments: readonly string[]): Promise<Panel> =>
  alignByDate(await Promise.all(instruments.map(load))).panel;

type Numbers = Readonly<Record<string, number | null>> | readonly (number | null)[];

/** What is further than 1e-9 from the reference, in absolute terms below 1 and in relative ones above. */
function differences(seen: Numbers | undefined, expected: Numbers): string[] {
  const values = new Map(Object.entries(seen ?? {}));
  return Object.entries(expected).flatMap(([name, value]: [string, number | null]) => {
    const number = value ?? Number.NaN;
    const gap = Math.abs((values.get(name) ?? Number.NaN) - number) / Math.max(1, Math.abs(number));
    return gap < 1e-9 ? [] : [`${name}: ${values.get(name)} instead of ${value}`];
  });
}

test.each(REFERENCE.single)(
  "$instrument by $plugin $parameters has the reference figures",
  async ({ instrument, plugin, parameters, figures }) => {
    const panel = await panelOf(instrument);
    const targets = findPlugin(plugin).bind(parameters).targets(panel);
    expect(
      differences(backtest({ panel, targets, bps: 5, barsPerYear: 252 }).figures, figures),
    ).toEqual([]);
  },
);

test("holding SPX from its first row to its last has the reference figures", async () => {
  const panel = await panelOf("SPX");
  const targets = panel.map((bars) => bars.map(() => 1));
  expect(
    differences(backtest({ panel, targets, bps: 0, barsPerYear: 252 }).figures, REFERENCE.hold),
  ).toEqual([]);
});

test("SPX and NDX with a volatility target have the reference figures", async () => {
  const panel = await panelOf("SPX", "NDX");
  const targets = findPlugin("tsmom-vol-target").bind({}).targets(panel);
  const { figures } = backtest({ panel, targets, bps: 5, barsPerYear: 252 });
  expect(differences(figures, REFERENCE.volatilityTarget)).toEqual([]);
});

test.each(REFERENCE.walkForward)(
  "the walk-forward of $instrument chooses and earns as the reference",
  async (reference) => {
    const panel = await panelOf(reference.instrument);
    const { folds, trials, figures, holdings } = walkForward({
      panel,
      plugin: smaCross,
      grid: SMA_CROSS_GRID,
      barsPerYear: 252,
    });
    const trialSharpes = trials.map(({ sharpePerRow }) => sharpePerRow);
    const deflated = deflatedSharpe({ net: holdings.net, trialSharpes });
    const totals = folds.map((fold) => fold.figures.total);
    expect(folds.map(({ chosen }) => chosen)).toEqual(reference.chosen);
    expect(differences(totals, reference.totals)).toEqual([]);
    expect(differences(folds[0]?.trainSharpes, reference.firstTrain)).toEqual([]);
    expect(differences(folds.at(-1)?.trainSharpes, reference.lastTrain)).toEqual([]);
    expect(differences(trialSharpes, reference.trials)).toEqual([]);
    expect(differences(figures, reference.figures)).toEqual([]);
    const { trials: declared, rows, ...numbers } = deflated;
    expect([declared, rows]).toEqual([3, reference.figures.rows]);
    expect(differences(numbers, reference.deflated)).toEqual([]);
  },
);

test("SPX by 50/200 has the reference figures under every stress", async () => {
  const panel = await panelOf("SPX");
  const targets = smaCross.bind({ fast: 50, slow: 200 }).targets(panel);
  const suite = stressSuite({ panel, targets, bps: 5, barsPerYear: 252 });
  expect(suite.map(({ kind, size }) => [kind, size])).toEqual(
    REFERENCE.stress.map(({ kind, size }) => [kind, size]),
  );
  for (const [k, { figures }] of REFERENCE.stress.entries()) {
    expect(differences(suite[k]?.figures, figures)).toEqual([]);
  }
});
