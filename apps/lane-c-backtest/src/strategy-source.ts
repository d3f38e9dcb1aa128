/**
 * The plugin as lane B built it, really run: figures are computed with the quant library, so they only count for the
 * built plugin if both ask for the same weights on every row of every declared trial.
 */
import { stripTypeScriptTypes } from "node:module";

import type { Parameters, StrategySource } from "@baton/contracts";
import type { Bar } from "@baton/quant";
import { z } from "zod";

const Exports = z.object({
  name: z.string(),
  targets: z.custom<StrategySource["targets"]>((value) => typeof value === "function"),
});
/** The part of a built plugin that a backtest runs. */
export type RunnableSource = z.infer<typeof Exports>;

/** The built source can't be run or isn't the plugin it should be. */
export class SourceError extends Error {
  override readonly name = "SourceError";
}

/**
 * Loads the source of a plugin; throws a SourceError if it isn't TypeScript that exports a strategy of this name.
 * A `data:` module has no folder, so it can't import a file or a package beside it.
 */
export async function loadSource(source: string, name: string): Promise<RunnableSource> {
  const loaded = await importText(source).catch((cause: unknown) => {
    throw new SourceError(`the built plugin can't be loaded: ${textOf(cause)}`, { cause });
  });
  const parsed = Exports.safeParse(loaded);
  if (!parsed.success)
    throw new SourceError("the built plugin exports no name or no function `targets`");
  if (parsed.data.name === name) return parsed.data;
  throw new SourceError(`the built plugin calls itself "${parsed.data.name}", not "${name}"`);
}

async function importText(source: string): Promise<unknown> {
  const script = Buffer.from(stripTypeScriptTypes(source)).toString("base64");
  return import(`data:text/javascript;base64,${script}`);
}

/** Targets compared so far, and how many differ. */
export interface SourceCheck {
  readonly compared: number;
  readonly differing: number;
  /** The first difference, as a sentence. */
  readonly first: string | null;
  compare(trial: {
    readonly instrument: string;
    readonly parameters: Parameters;
    readonly bars: readonly Bar[];
    readonly targets: readonly number[];
  }): void;
}

/** Compares the library's targets with those of the built source. `compare` throws a SourceError if the source throws. */
export function sourceCheck(source: RunnableSource): SourceCheck {
  const seen: { compared: number; differing: number; first: string | null } = {
    compared: 0,
    differing: 0,
    first: null,
  };
  return {
    get compared() {
      return seen.compared;
    },
    get differing() {
      return seen.differing;
    },
    get first() {
      return seen.first;
    },
    compare({ instrument, parameters, bars, targets }) {
      const built = runSource(source, bars, parameters);
      for (const [row, expected] of targets.entries()) {
        seen.compared += 1;
        if (built[row] === expected) continue;
        seen.differing += 1;
        seen.first ??= `${instrument}, ${JSON.stringify(parameters)}, row ${row}: built ${String(built[row])}, expected ${expected}`;
      }
    },
  };
}

function runSource(source: RunnableSource, bars: readonly Bar[], parameters: Parameters) {
  try {
    return source.targets([bars], parameters)[0] ?? [];
  } catch (cause) {
    throw new SourceError(`the built plugin failed: ${textOf(cause)}`, { cause });
  }
}

const textOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));
