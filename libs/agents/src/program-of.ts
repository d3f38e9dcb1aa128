/** Where the program of an assignment is, and what version it says it is. */
import { statSync } from "node:fs";
import { dirname } from "node:path";

import type { Assignment } from "@baton/contracts";
import { StageFailure } from "@baton/lanekit";
import type { Sandbox } from "@baton/sandbox";

import type { Adapter } from "./adapter.ts";
import type { AgentsConfig } from "./agents-config.ts";
import { claude } from "./claude.ts";
import { codex } from "./codex.ts";
import { plain } from "./plain.ts";

export interface Program {
  readonly adapter: Adapter;
  readonly words: readonly [string, ...string[]];
  /** What must be readable for it. */
  readonly reads: readonly string[];
}

/** Throws a StageFailure (deterministic) if this lane has none. */
export function programOf({ executor }: Assignment, config: AgentsConfig): Program {
  switch (executor.agent) {
    case "codex":
    case "claude": {
      const program = config.programs[executor.agent];
      if (program === undefined) throw missing(`this lane knows no ${executor.agent}`);
      const adapter = executor.agent === "codex" ? codex : claude;
      return { adapter, words: [program.path], reads: [dirname(program.path), ...program.reads] };
    }
    case "plain": {
      const [path, ...args] = executor.program ?? [];
      if (path === undefined) throw missing("plain names no program");
      return { adapter: plain, words: [path, ...args], reads: config.plain };
    }
    default:
      throw missing(`this release knows no agent ${String(executor.agent)}`);
  }
}

function missing(what: string): StageFailure {
  return new StageFailure({
    class: "deterministic",
    code: "E_EXECUTOR",
    message: `the playbook asks for a program from outside, and ${what}`,
    action:
      "Name it in the lane's agents file (BATON_AGENTS), start the lane again, then `baton resume ID --why …`.",
  });
}

const VERSION = /\d+(?:\.\d+){1,3}[A-Za-z0-9.-]{0,20}/;

/** The version that a program says it is; undefined if it doesn't say. */
export type Versions = (program: Program, signal: AbortSignal) => Promise<string | undefined>;

/** Asks each program once, in the sandbox. */
export function versions(sandbox: Sandbox): Versions {
  const known = new Map<string, string | undefined>();
  return async ({ words: [path], reads, adapter }, signal) => {
    // Whatever other programs there are, few know the option, and some would start to work.
    if (!adapter.speaks) return undefined;
    const key = `${path} ${statSync(path, { throwIfNoEntry: false })?.mtimeMs}`;
    if (known.has(key)) return known.get(key);
    const plan = {
      command: [path, "--version"] as const,
      reads,
      limits: { timeMs: 20_000, memoryBytes: 2 ** 31 },
    };
    const { ending, stdout } = await sandbox.run(plan, { signal, keepBytes: 1000 });
    const found = ending.kind === "exited" ? VERSION.exec(stdout)?.[0] : undefined;
    if (!signal.aborted) known.set(key, found);
    return found;
  };
}
