/**
 * What a scripted agent does: a list of steps for each time it is started. This folder is copied to where the agent is installed, so
 * it imports nothing but Node.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export type Step =
  /** Writes a file below the working folder: this text, or so many bytes (sparse, so that a large one takes no room). */
  | { readonly do: "write"; readonly path: string; readonly text?: string; readonly bytes?: number }
  | { readonly do: "symlink" | "hardlink"; readonly path: string; readonly to: string }
  | { readonly do: "fifo"; readonly path: string }
  /** A tool call: a shell command in a session of its own, as real agents run theirs. */
  | { readonly do: "run"; readonly command: string }
  /** A command that nobody waits for and that outlives the agent, in a session of its own. */
  | { readonly do: "spawn"; readonly command: string }
  | { readonly do: "say"; readonly text: string }
  /** Asks the model and does what it says until it calls no more tools, or as often as this. */
  | { readonly do: "model"; readonly calls?: number }
  /** Tokens that it reports without having used a model. */
  | {
      readonly do: "usage";
      readonly input: number;
      readonly cached?: number;
      readonly output: number;
    }
  | { readonly do: "sleep"; readonly ms: number }
  | { readonly do: "hang" }
  | { readonly do: "ignore-sigterm" }
  /** A tool that its permissions refuse. */
  | { readonly do: "refused-tool"; readonly tool: string }
  /** Standard output: this line as it is; half a line; one line of so many bytes; so many bytes of lines. */
  | { readonly do: "line" | "half-line"; readonly text: string }
  | { readonly do: "long-line" | "flood"; readonly bytes: number }
  | { readonly do: "stderr"; readonly text: string }
  /** Allocates and holds so much. */
  | { readonly do: "allocate"; readonly bytes: number }
  /** The answer of `--output-schema` or `--json-schema`. */
  | { readonly do: "result"; readonly value: unknown }
  /** Ends by a signal to itself, or with an exit code and no word. */
  | { readonly do: "kill"; readonly signal: NodeJS.Signals }
  | { readonly do: "exit"; readonly code: number }
  | End;

/**
 * How it ends: its last event, its exit code (as that event's, unless given), and whether it then hangs. `success-with-error` is
 * Claude Code's for an error of the model; `silent` is no event at all. Without one it ends well.
 */
export interface End {
  readonly do: "end";
  readonly how: "success" | "failed" | "success-with-error" | "max-turns" | "max-budget" | "silent";
  readonly message?: string;
  readonly exit?: number;
  readonly thenHang?: boolean;
}

export interface Scenario {
  /** The first start does the first, and so on; later ones do the last. Starts are counted in the agent's own home. */
  readonly runs: readonly (readonly Step[])[];
}

export const SCENARIO_FILE = "scenario.json";
const COUNTER = "scripted-starts";

/** The steps of this start. */
export function stepsOfThisStart(program: string, home: string): readonly Step[] {
  const { runs }: Scenario = JSON.parse(readFileSync(join(program, SCENARIO_FILE), "utf8"));
  const folder = join(home, COUNTER);
  mkdirSync(folder, { recursive: true });
  const before = readdirSync(folder).length;
  writeFileSync(join(folder, String(before)), "", { flag: "wx" });
  return runs[Math.min(before, runs.length - 1)] ?? [];
}
