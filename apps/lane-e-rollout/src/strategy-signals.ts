import { createHash } from "node:crypto";

import { type StageContext, StageFailure } from "@baton/lanekit";
import { AUTHORED, type Bar, findPlugin, type Series } from "@baton/quant";
import type { Sandbox } from "@baton/sandbox";
import { runStrategy, strategyFailure } from "@baton/strategy-runner";

import type { HeldBackData } from "./held-back-data.ts";
import type { RolloutInputs } from "./rollout-inputs.ts";

/** One instrument with the targets that the chosen parameters give on every row. */
export interface InstrumentSignals extends HeldBackData {
  readonly share: number;
  readonly parameters: Readonly<Record<string, number>>;
  /** Known at the close of each row, not yet scaled by the share. */
  readonly targets: readonly number[];
  readonly lastBar: Bar;
}

function missing(what: string): StageFailure {
  return new StageFailure({
    class: "deterministic",
    code: "E_INPUT_MISMATCH",
    message: what,
    action: "Resume from backtest-robustness; it chooses the parameters.",
  });
}

/** Targets of every instrument under the parameters that the backtest chose; throws a StageFailure if it chose none. */
export async function strategySignals(
  context: StageContext,
  inputs: RolloutInputs,
  of: { readonly data: readonly HeldBackData[]; readonly sandbox: Sandbox },
): Promise<readonly InstrumentSignals[]> {
  const { plugin, evaluation } = inputs;
  const isAuthored = plugin.plugin === AUTHORED;
  const source = isAuthored ? await backtestedSource(context, inputs) : undefined;
  const signals: InstrumentSignals[] = [];
  for (const rows of of.data) {
    const chosen = evaluation.chosen.find(({ instrument }) => instrument === rows.instrument);
    const lastBar = rows.bars.at(-1);
    if (chosen === undefined || lastBar === undefined)
      throw missing(`the backtest chose no parameters for ${rows.instrument}`);
    const { share, parameters } = chosen;
    const targets =
      source === undefined
        ? (findPlugin(plugin.plugin).bind(parameters).targets([rows.bars])[0] ?? [])
        : await authoredTargets({ ...of, context, inputs, source }, { rows, parameters });
    signals.push({ ...rows, share, parameters, targets, lastBar });
  }
  return signals;
}

/** What trades is what was backtested, by digest. */
async function backtestedSource(
  context: StageContext,
  { evaluation }: RolloutInputs,
): Promise<string> {
  const bytes = await context.read("build/plugin-source.ts");
  const digest = createHash("sha256").update(bytes).digest("hex");
  const { source } = evaluation.reproducibility.plugin;
  if (digest === source) return new TextDecoder().decode(bytes);
  throw new StageFailure({
    class: "policy",
    code: "E_PLUGIN_FOREIGN",
    message: `the run's source has SHA-256 ${digest}, the backtest was of ${source}. Nothing of it was run`,
    action: "Resume from candidate-build, so that what trades is what was backtested.",
  });
}

async function authoredTargets(
  parts: {
    readonly context: StageContext;
    readonly inputs: RolloutInputs;
    readonly source: string;
    readonly sandbox: Sandbox;
  },
  of: { readonly rows: HeldBackData; readonly parameters: InstrumentSignals["parameters"] },
): Promise<Series> {
  const { context, inputs, source, sandbox } = parts;
  const { strategy, seed } = inputs.research.spec;
  const { instrument, bars } = of.rows;
  if (strategy.authored === undefined)
    throw missing("the specification says nothing of its authored strategy");
  const { warmUpRows, weights } = strategy.authored;
  const run = { source, sets: [of.parameters], seed, warmUpRows, weights, bars };
  const answer = await runStrategy(run, { sandbox, signal: context.signal });
  if (answer.kind === "unavailable") throw new StageFailure(answer.failure);
  if (answer.kind === "fault") throw new StageFailure(strategyFailure(answer.fault, instrument));
  return [...(answer.targets[0] ?? [])];
}
