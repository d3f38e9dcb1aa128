/**
 * Whether main goes on from the newest main that was obeyed. One that doesn't has lost something: strategies that were taken
 * out come back with it, and nobody decided that.
 *
 * L1: while main is lost nothing is increased. What its head says is applied otherwise: less is held, and what it doesn't have
 *     is run down; so is what only comes back with it.
 * L2: it is lost until it goes on from the main that was obeyed, or people accept on main that it doesn't.
 * L3: an engine that remembers nothing takes the markers of actions for what it would remember.
 * L4: a head that can't be remembered is obeyed, but nothing is increased under it.
 */
import { type MainLoss, STRATEGIES_FOLDER } from "@baton/artifacts";
import { cut } from "@baton/contracts";
import { ACCEPTED_TRAILER, type MainReader } from "@baton/gitops";
import type { Log } from "@baton/telemetry";

import type { EngineMemory } from "./engine-memory.ts";

/** Most strategies that are named. */
const MOST_NAMED = 20;

/** What main is held against. */
export interface MainLine {
  /**
   * Takes the head that the reader's `files` saw last, before anything of it is applied; gives the files that aren't to be,
   * because they come back with a main that is lost. Throws a GitError.
   */
  see(head: string, files: Iterable<string>): Promise<readonly string[]>;
  /** Remembers the head if that couldn't be done before. */
  settle(): Promise<void>;
  loss(): MainLoss | null;
  /** Why nothing may be increased; null if main goes on. */
  problem(): string | null;
}

/** Knows nothing until `see`. */
export function createMainLine(parts: {
  readonly reader: Pick<MainReader, "goesOnFrom" | "lostAction" | "namesAt">;
  readonly memory: Pick<EngineMemory, "head" | "obey">;
  readonly log: Log;
}): MainLine {
  const { reader, memory, log } = parts;
  let loss: MainLoss | null = null;
  let unkept: string | undefined;
  let trouble = "";

  async function settle(): Promise<void> {
    if (unkept === undefined) return;
    try {
      if (memory.head() !== unkept) await memory.obey(unkept);
      unkept = undefined;
      trouble = "";
    } catch (error) {
      const why = error instanceof Error ? error.message : "it can't be written";
      if (why !== trouble) log.error({ err: error }, "which main is obeyed can't be kept");
      trouble = why;
    }
  }

  async function lossAt(head: string, files: Iterable<string>): Promise<MainLoss | null> {
    const obeyed = memory.head() ?? (await reader.lostAction());
    if (obeyed === undefined || (await reader.goesOnFrom(obeyed))) return null;
    const before = await reader.namesAt(obeyed, STRATEGIES_FOLDER);
    const returns = [...files].filter((name) => before?.includes(name) === false);
    return { obeyed, head, returns };
  }

  return {
    async see(head, files) {
      const next = await lossAt(head, files);
      if (next) log.error({ code: "E_MAIN_RESET", ...next }, textOf(next));
      else if (loss) log.info({ head }, "main goes on from where it was");
      loss = next;
      unkept = next?.obeyed ?? head;
      await settle();
      return next?.returns ?? [];
    },
    settle,
    loss: () => loss,
    problem() {
      if (loss) return textOf(loss);
      return unkept === undefined
        ? null
        : cut(`which main is obeyed can't be kept in the work directory: ${trouble}`, 300);
    },
  };
}

function textOf({ obeyed, head, returns }: MainLoss): string {
  const named = returns.slice(0, MOST_NAMED).join(", ");
  const back = returns.length === 0 ? "" : `; that would bring back ${named}`;
  return cut(
    `E_MAIN_RESET: main is at ${head.slice(0, 12)}, which doesn't go on from ${obeyed}, the newest that was obeyed, so nothing is increased: bring main back to it (\`git push --force REPOSITORY ${obeyed}:main\`), or accept what main has by a commit on it with the trailer \`${ACCEPTED_TRAILER}: ${obeyed}\`${back}`,
    500,
  );
}
