/**
 * The backtest of an authored strategy: its source is asked for its targets in the sandbox, and everything else is computed from
 * them here, where it can't reach.
 *
 * A1: every declared set is asked for twice, in processes that know nothing of each other, and must give the same.
 * A2: what the backtest has to know about neighbours of the chosen sets is asked for once it is known which those are.
 */
import type { Parameters } from "@baton/artifacts";
import { StageFailure } from "@baton/lanekit";
import { runStrategy, strategyFailure } from "@baton/strategy-runner";

import type { AuthoredTargets, BacktestInput } from "./backtest-input.ts";
import type { BacktestOutcome } from "./run-backtest.ts";
import type { SourcePlace } from "./strategy-source.ts";

/** What computing takes. */
export interface AuthoredParts extends SourcePlace {
  readonly declared: AuthoredTargets["declared"];
  readonly compute: (input: BacktestInput) => Promise<BacktestOutcome>;
  readonly progress: (step: string) => void;
}

type SetTargets = AuthoredTargets["sets"][number];

/** Computes it; `compared` counts the targets that both runs gave. Throws a StageFailure for a fault of the source. */
export async function authoredBacktest(
  source: string,
  input: BacktestInput,
  parts: AuthoredParts,
): Promise<{
  readonly outcome: Exclude<BacktestOutcome, { kind: "needs" }>;
  readonly compared: number;
}> {
  const { declared, compute, progress } = parts;
  progress("running the strategy");
  const sets = await targetsOf(source, { input, sets: input.grid }, parts);
  progress("running it again");
  const again = await targetsOf(source, { input, sets: input.grid }, parts);
  const compared = requireSame(input, sets, again);
  for (let known = sets; ;) {
    const outcome = await compute({ ...input, authored: { declared, sets: known } });
    if (outcome.kind !== "needs") return { outcome, compared };
    progress(`running it on ${outcome.sets.length} neighbours`);
    known = [...known, ...(await targetsOf(source, { input, sets: outcome.sets }, parts))];
  }
}

async function targetsOf(
  source: string,
  { input, sets }: { readonly input: BacktestInput; readonly sets: readonly Parameters[] },
  { declared, sandbox, signal }: AuthoredParts,
): Promise<SetTargets[]> {
  const byInstrument: (readonly Float64Array[])[] = [];
  for (const { instrument, bars } of input.instruments) {
    const { warmUpRows, weights } = declared;
    const run = { source, sets, seed: input.seed, bars, warmUpRows, weights };
    const answer = await runStrategy(run, { sandbox, signal });
    if (answer.kind === "unavailable") throw new StageFailure(answer.failure);
    if (answer.kind === "fault") throw new StageFailure(strategyFailure(answer.fault, instrument));
    byInstrument.push(answer.targets);
  }
  return sets.map((parameters, set) => ({
    parameters,
    targets: byInstrument.map((targets) => targets[set] ?? new Float64Array()),
  }));
}

/** A1. */
function requireSame(
  { instruments }: BacktestInput,
  one: readonly SetTargets[],
  other: readonly SetTargets[],
): number {
  let compared = 0;
  for (const [set, { parameters, targets }] of one.entries())
    for (const [index, series] of targets.entries()) {
      const again = other[set]?.targets[index];
      const row = series.findIndex((target, at) => target !== again?.[at]);
      compared += series.length;
      if (row === -1) continue;
      const { instrument, bars } = instruments[index] ?? {};
      const date = bars?.[row]?.date ?? null;
      const message = `a second run gave ${String(again?.[row])} instead of ${String(series[row])}`;
      const fault = { code: "E_STRATEGY_DIFFERS", message, row, date, parameters } as const;
      throw new StageFailure(strategyFailure(fault, instrument));
    }
  return compared;
}
