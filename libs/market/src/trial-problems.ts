/** What a strategy's plugin says about the parameter sets that a candidate wants to try. */
import type { CandidateSpec, Parameters } from "@baton/artifacts";
import { canonicalJson } from "@baton/contracts";
import { AUTHORED, PLUGINS, type StrategyPlugin, strategyKind } from "@baton/quant";

import { type SpecProblem, valueAt } from "./spec-problems.ts";

/** What the plugin refuses: its name, a parameter, or the same set twice once defaults are filled in. */
export function trialProblems(strategy: CandidateSpec["strategy"]): SpecProblem[] {
  const { plugin: name, grid, authored } = strategy;
  if ((name === AUTHORED) !== (authored !== undefined)) {
    const rule = authored
      ? `only with plugin: ${AUTHORED}`
      : `what an authored strategy says of itself, e.g. { source: { path: mine.ts }, warmUpRows: 200 }`;
    return [{ path: ["strategy", "authored"], value: authored, rule }];
  }
  const plugin = authored ? strategyKind(strategy) : pluginOf(name);
  if (plugin === undefined) {
    const rule = `no such plugin; there are ${[...Object.keys(PLUGINS), AUTHORED].join(", ")}`;
    return [{ path: ["strategy", "plugin"], value: name, rule }];
  }
  const refused = grid.flatMap((parameters, index) => refusals(plugin, parameters, index));
  return refused.length > 0 ? refused : repetitions(plugin, grid);
}

function pluginOf(name: string): StrategyPlugin | undefined {
  return Object.hasOwn(PLUGINS, name) ? PLUGINS[name] : undefined;
}

function refusals(plugin: StrategyPlugin, parameters: Parameters, index: number): SpecProblem[] {
  const parsed = plugin.Parameters.safeParse(parameters);
  if (parsed.success) return [];
  return parsed.error.issues.flatMap((issue) => {
    const keys = issue.code === "unrecognized_keys" ? issue.keys.map((key) => [key]) : [[]];
    return keys.map((key) => {
      const inside = [...issue.path, ...key];
      const value = valueAt(parameters, inside);
      const path = ["strategy", "grid", index, ...inside];
      return { path, value, rule: `${plugin.name}: ${issue.message}` };
    });
  });
}

/** The same set twice would be counted as two trials, and make the best of them look more extraordinary than it is. */
function repetitions(plugin: StrategyPlugin, grid: readonly Parameters[]): SpecProblem[] {
  const first = new Map<string, number>();
  return grid.flatMap((raw, index) => {
    const key = canonicalJson(plugin.bind(raw).parameters);
    const before = first.get(key);
    if (before === undefined) {
      first.set(key, index);
      return [];
    }
    const rule = `the same trial as strategy.grid[${before}] once defaults are filled in`;
    return [{ path: ["strategy", "grid", index], value: raw, rule }];
  });
}
