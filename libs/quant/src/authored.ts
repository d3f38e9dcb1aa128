/** Strategies that somebody wrote: what is known of one before its source is run, and its targets once it was. Pure. */
import { z } from "zod";

import { LIMITS } from "./limits.ts";
import type { Strategy, StrategyPlugin, WeightBounds } from "./plugin.ts";
import { findPlugin } from "./plugins.ts";
import { QuantError } from "./quant-error.ts";
import type { Series } from "./series.ts";

/** Name by which a specification says that its strategy isn't one of the library's. */
export const AUTHORED = "authored";

type Parameters = Readonly<Record<string, number>>;

/** A specification's choice of strategy. */
export interface StrategyChoice {
  readonly plugin: string;
  readonly grid: readonly Parameters[];
  readonly authored?: { readonly warmUpRows: number; readonly weights: WeightBounds } | undefined;
}

/** Gives the targets of one parameter set over an instrument's rows; undefined if they weren't computed. */
export type TargetsOf = (parameters: Parameters, rows: readonly object[]) => Series | undefined;

/**
 * The library's plugin, or what stands for an authored one: its `targets` come from `targetsOf`, for its source runs elsewhere.
 * Throws a QuantError for a name that isn't known, and for `authored` without what it says of itself.
 */
export function strategyKind(
  choice: StrategyChoice,
  targetsOf: TargetsOf = () => undefined,
): StrategyPlugin {
  const { plugin, grid, authored } = choice;
  if (plugin !== AUTHORED) return findPlugin(plugin);
  if (authored === undefined)
    throw new QuantError({
      code: "E_INVALID",
      where: "strategy.authored",
      value: authored,
      rule: "what an authored strategy says of itself: warmUpRows at least",
      action: "add it to the specification",
    });
  const { warmUpRows, weights: bounds } = authored;
  const Parameters = parametersOf(grid);
  return {
    name: AUTHORED,
    scope: "one",
    Parameters,
    bind: (raw): Strategy => {
      const parameters = bound(Parameters, raw);
      const targets = (panel: readonly (readonly object[])[]) =>
        panel.map((rows) => targetsOf(parameters, rows) ?? missing(parameters));
      return {
        plugin: AUTHORED,
        parameters,
        scope: "one",
        warmUpRows,
        bounds,
        targets,
        target: (panel) => targets(panel).map((series) => series.at(-1) ?? 0),
      };
    },
  };
}

/** The grid is the declaration: its keys, and whole numbers where it has only whole ones. */
function parametersOf(grid: readonly Parameters[]): z.ZodType<Parameters> {
  const keys = Object.keys(grid[0] ?? {});
  return z.strictObject(
    Object.fromEntries(
      keys.map((key) => {
        const isWhole = grid.every((set) => Number.isInteger(set[key]));
        return [key, isWhole ? z.int() : z.number()];
      }),
    ),
  );
}

function bound(schema: z.ZodType<Parameters>, raw: unknown): Parameters {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new QuantError({
    code: "E_INVALID",
    where: [AUTHORED, ...(issue?.path ?? [])].join("."),
    value: raw,
    rule: issue?.message ?? "the keys of the grid's first set",
    action: "give every set of the grid the same keys",
  });
}

function missing(parameters: Parameters): never {
  throw new QuantError({
    code: "E_INVALID",
    where: `targets for ${JSON.stringify(parameters)}`,
    value: undefined,
    rule: "the source was run on these rows",
    action: "run the source first: an authored strategy has no targets of its own",
  });
}

/** Targets that one authored candidate may ask for in all: parameter sets times rows times instruments. */
export const AUTHORED_TARGETS = Math.floor(LIMITS.gridWork / 2);
