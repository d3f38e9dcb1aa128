import { StageFailure } from "@baton/lanekit";
import { type Bar, findPlugin } from "@baton/quant";

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
export function strategySignals(
  { plugin, evaluation }: RolloutInputs,
  data: readonly HeldBackData[],
): readonly InstrumentSignals[] {
  const kind = findPlugin(plugin.plugin);
  return data.map((rows) => {
    const chosen = evaluation.chosen.find(({ instrument }) => instrument === rows.instrument);
    const lastBar = rows.bars.at(-1);
    if (chosen === undefined || lastBar === undefined)
      throw missing(`the backtest chose no parameters for ${rows.instrument}`);
    const { share, parameters } = chosen;
    const [targets = []] = kind.bind(parameters).targets([rows.bars]);
    return { ...rows, share, parameters, targets, lastBar };
  });
}
