/** The trials of a candidate, written down before anything is computed: parameters, warm-up and features. */
import {
  type CandidateSpec,
  canonicalJson,
  type DeclaredTrial,
  Parameters,
} from "@baton/contracts";
import { findPlugin, LIMITS, PLUGINS, type StrategyPlugin } from "@baton/quant";

import { featuresOf } from "./features.ts";
import { type SpecProblem, specFailure, valueAt } from "./spec-problems.ts";

/** What the plugin refuses: its name, a parameter, or the same set twice once defaults are filled in. */
export function trialProblems({ plugin: name, grid }: CandidateSpec["strategy"]): SpecProblem[] {
  const plugin = pluginOf(name);
  if (plugin === undefined) {
    const rule = `no such plugin; there are ${Object.keys(PLUGINS).join(", ")}`;
    return [{ path: ["strategy", "plugin"], value: name, rule }];
  }
  const refused = grid.flatMap((parameters, index) => refusals(plugin, parameters, index));
  return refused.length > 0 ? refused : repetitions(plugin, grid);
}

/** One trial per parameter set of the grid, in its order. Only for a strategy without {@link trialProblems}. */
export function declareTrials({ plugin: name, grid }: CandidateSpec["strategy"]): DeclaredTrial[] {
  const plugin = findPlugin(name);
  return grid.map((raw, index) => {
    const strategy = plugin.bind(raw);
    const parameters = Parameters.parse(strategy.parameters);
    const features = featuresOf(name, parameters, strategy.warmUpRows);
    return { index, parameters, warmUpRows: strategy.warmUpRows, features };
  });
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

/** Refuses a grid that a walk-forward over so many rows in all could not compute in time. */
export function requireAffordable(spec: CandidateSpec, rows: number): void {
  const { grid } = spec.strategy;
  const work = grid.length * rows;
  if (work <= LIMITS.gridWork) return;
  const most = Math.floor(LIMITS.gridWork / rows);
  const rule = `${grid.length} sets over ${rows} rows are too many; at most ${most} sets`;
  throw specFailure([{ path: ["strategy", "grid"], value: `${grid.length} sets`, rule }]);
}
