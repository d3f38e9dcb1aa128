/** The strategy that a backtest is computed with: the library's, or the targets that an authored one gave. Pure. */
import type { Parameters } from "@baton/artifacts";
import { canonicalJson } from "@baton/contracts";
import { type StrategyPlugin, strategyKind } from "@baton/quant";

import type { BacktestInput } from "./backtest-input.ts";

/** Sets that an authored strategy must be asked for before the backtest can go on. */
export class MissingTargets extends Error {
  override readonly name = "MissingTargets";
  readonly sets: readonly Parameters[];

  constructor(sets: readonly Parameters[]) {
    super(`targets of ${sets.length} parameter sets are missing`);
    this.sets = sets;
  }
}

/** The plugin of a backtest. */
export function strategyOf(input: BacktestInput): StrategyPlugin {
  const { plugin, grid, authored, instruments } = input;
  const known = new Map(
    (authored?.sets ?? []).map(({ parameters, targets }) => [canonicalJson(parameters), targets]),
  );
  const choice = { plugin, grid, authored: authored?.declared };
  return strategyKind(choice, (parameters, rows) => {
    const index = instruments.findIndex(({ bars }) => bars === rows);
    const series = known.get(canonicalJson(parameters))?.[index];
    return series && [...series];
  });
}

/** Throws MissingTargets with those of `sets` that an authored strategy wasn't asked for. */
export function requireTargets({ authored }: BacktestInput, sets: readonly Parameters[]): void {
  if (authored === undefined) return;
  const known = new Set(authored.sets.map(({ parameters }) => canonicalJson(parameters)));
  const missing = new Map(sets.map((parameters) => [canonicalJson(parameters), parameters]));
  for (const key of known) missing.delete(key);
  if (missing.size > 0) throw new MissingTargets([...missing.values()]);
}
