import type { FoldMetrics, InstrumentWalkForward, Parameters } from "@baton/artifacts";
import { mean, standardDeviation, sum } from "simple-statistics";

type Measured = Pick<FoldMetrics, "folds" | "summary" | "leakage">;

/**
 * The folds of all instruments, what they earned, and how far they keep apart from what they were chosen on.
 * `researchRows` says how many rows of each instrument may be seen.
 */
export function foldMetrics(input: {
  readonly instruments: readonly InstrumentWalkForward[];
  readonly grid: readonly Parameters[];
  readonly researchRows: Readonly<Record<string, number>>;
}): Measured {
  const { instruments, grid, researchRows } = input;
  const all = instruments.flatMap(({ instrument, folds }) =>
    folds.map((fold) => ({ instrument, ...fold })),
  );
  const totals = all.map(({ figures }) => figures.total);
  const meanTotal = mean(totals);
  const deviationTotal = standardDeviation(totals);
  const negativeFolds = totals.filter((total) => total < 0).length;
  return {
    folds: all.map(({ instrument, fold, test, chosen, trainSharpes, figures }) => ({
      instrument,
      fold,
      test,
      parameters: grid[chosen] ?? {},
      trainSharpe: trainSharpes[chosen] ?? null,
      figures,
    })),
    summary: {
      folds: all.length,
      negativeFolds,
      negativeShare: negativeFolds / all.length,
      meanTotal,
      deviationTotal,
      variation: meanTotal === 0 ? null : deviationTotal / Math.abs(meanTotal),
      trades: sum(all.map(({ figures }) => figures.trades)),
    },
    leakage: {
      leastGapRows: Math.min(...all.map(({ train, test }) => test.from - train.to)),
      temporalOrder: all.every(({ train, test }) => train.to <= test.from),
      heldBackRowsSeen: sum(
        instruments.map(({ instrument, research }) =>
          Math.max(0, research.to - (researchRows[instrument] ?? 0)),
        ),
      ),
    },
  };
}
