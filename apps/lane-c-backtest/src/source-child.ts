/**
 * Runs in a confined process, beside the strategy that it runs: asks it for its targets on each instrument for each parameter
 * set and tells their digests, one line per pair in that order; or the targets themselves of the one pair that is asked for.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import type { StrategyBar } from "@baton/artifacts";

/** `input.json`. */
export interface SourceChildInput {
  readonly grid: readonly Readonly<Record<string, number>>[];
  readonly instruments: readonly { readonly bars: readonly StrategyBar[] }[];
  /** Index of the pair whose targets are asked for. */
  readonly pair?: number;
}

const { grid, instruments, pair }: SourceChildInput = JSON.parse(
  readFileSync("input.json", "utf8"),
);
// Beside this file only where it runs: a name that can't be resolved here.
const strategy = await import(new URL("strategy.ts", import.meta.url).href);
const say = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);
say({ name: strategy.name });
const pairs = grid.flatMap((parameters) => instruments.map(({ bars }) => ({ parameters, bars })));
for (const [index, { parameters, bars }] of pairs.entries()) {
  if (pair !== undefined && pair !== index) continue;
  const [targets = []]: number[][] = strategy.targets([bars], parameters);
  if (pair === index) say({ targets });
  else {
    const doubles = Float64Array.from(targets, (target) => target + 0);
    const sha256 = createHash("sha256").update(new Uint8Array(doubles.buffer)).digest("hex");
    say({ rows: targets.length, sha256 });
  }
}
