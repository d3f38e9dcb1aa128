import type { z } from "zod";

import type { Panel } from "./bar.ts";
import type { Targets } from "./holdings.ts";
import { QuantError } from "./quant-error.ts";

/** How many instruments a plugin trades together: exactly one, or any number that share their dates. */
export type PluginScope = "one" | "many";

/** The least and the largest weight that a plugin may ask for in one instrument. */
export type WeightBounds = { readonly least: number; readonly most: number };

/**
 * A plugin with its parameters checked and bound. Both functions are pure and see bars only.
 *
 * - `target`: history up to and including row t → one target per instrument, known at the close of t;
 *   it is held from row t + 1 on.
 * - `targets`: the same for every row of the history at once, equal to the last digit.
 *
 * The first `warmUpRows` targets are 0.
 */
export type Strategy = {
  readonly plugin: string;
  readonly parameters: unknown;
  readonly scope: PluginScope;
  readonly warmUpRows: number;
  readonly bounds: WeightBounds;
  readonly target: (history: Panel) => number[];
  readonly targets: (history: Panel) => Targets;
};

/** A kind of strategy: a name, a schema of its parameters, and `bind` to get a {@link Strategy}. */
export type StrategyPlugin = {
  readonly name: string;
  readonly scope: PluginScope;
  /** The zod schema; `z.toJSONSchema` of it goes into a catalog. */
  readonly Parameters: z.ZodType;
  /** Throws E_INVALID that names the parameter if the schema refuses them. */
  readonly bind: (parameters: unknown) => Strategy;
};

/** What an author writes; `P` is what the schema gives after parsing, so defaults are filled in. */
export type PluginDefinition<P> = {
  readonly name: string;
  readonly scope: PluginScope;
  readonly Parameters: z.ZodType<P>;
  readonly warmUpRows: (parameters: P) => number;
  readonly bounds: (parameters: P) => WeightBounds;
  readonly target: (history: Panel, parameters: P) => number[];
  readonly targets: (history: Panel, parameters: P) => Targets;
};

/** Makes a plugin of a definition: parameters are parsed once, when bound, and trusted from there on. */
export function definePlugin<P>(definition: PluginDefinition<P>): StrategyPlugin {
  const { name, scope, Parameters } = definition;
  const bind = (raw: unknown): Strategy => {
    const parsed = Parameters.safeParse(raw);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new QuantError({
        code: "E_INVALID",
        where: [name, ...(issue?.path ?? [])].join("."),
        value: raw,
        rule: issue?.message ?? "the plugin's parameter schema",
        action: "correct the parameter; the plugin's schema lists all of them",
      });
    }
    const parameters = parsed.data;
    return {
      plugin: name,
      parameters,
      scope,
      warmUpRows: definition.warmUpRows(parameters),
      bounds: definition.bounds(parameters),
      target: (history) => definition.target(requireScope(history, scope, name), parameters),
      targets: (history) => definition.targets(requireScope(history, scope, name), parameters),
    };
  };
  return { name, scope, Parameters, bind };
}

function requireScope(history: Panel, scope: PluginScope, name: string): Panel {
  if (history.length === 1 || (scope === "many" && history.length > 1)) return history;
  throw new QuantError({
    code: "E_INVALID",
    where: `${name}: panel.length`,
    value: history.length,
    rule: scope === "one" ? "exactly one instrument" : "at least one instrument",
    action: "give the plugin the instruments that it trades",
  });
}
