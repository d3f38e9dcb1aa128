import { setTimeout as sleep } from "node:timers/promises";

import { mainStop, type RunningStrategies } from "@baton/artifacts";
import { Failed } from "@baton/contracts";
import { StageFailure } from "@baton/lanekit";

import type { World } from "./ports.ts";

/** The engine is asked this often while something is waited for, in milliseconds. */
const ASK_MS = 100;

/** What was seen last, and whether it was what was waited for. */
export interface Sighting {
  readonly status: RunningStrategies;
  readonly reached: boolean;
  readonly waitedMs: number;
}

/**
 * Asks the engine until `reached` says yes or the time is up; an engine that is just restarting is asked again. Throws a
 * StageFailure (transient) if the last answer before the end was none, or that main was moved back: what isn't reached then
 * says nothing.
 */
export async function awaitEngine(
  world: World,
  reached: (status: RunningStrategies) => boolean | Promise<boolean>,
): Promise<Sighting> {
  const start = performance.now();
  for (;;) {
    const waitedMs = performance.now() - start;
    const over = waitedMs >= world.waitMs;
    const status = await world.engine.status().catch((error: unknown) => {
      if (over || !(error instanceof Failed)) throw error;
      return undefined;
    });
    if (status) {
      const done = await reached(status);
      if (!done && over && status.mainLost) throw new StageFailure(mainStop(status.mainLost));
      if (done || over) return { status, reached: done, waitedMs: performance.now() - start };
    }
    await sleep(ASK_MS, undefined, { signal: world.signal });
  }
}
