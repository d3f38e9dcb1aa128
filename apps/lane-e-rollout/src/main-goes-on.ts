/** Whether main goes on from what the engine obeyed, asked before anything is put on it. */
import { mainStop } from "@baton/artifacts";
import { StageFailure } from "@baton/lanekit";

import type { EngineClient } from "./engine-client.ts";

/**
 * Throws a StageFailure (transient) while it doesn't: a commit on top would be lost when main is brought back. An engine that
 * can't be asked says nothing here; what isn't seen to run isn't verified anyway.
 */
export async function requireMainGoesOn(engine: EngineClient): Promise<void> {
  const status = await engine.strategies().catch((error: unknown) => {
    if (error instanceof StageFailure) return undefined;
    throw error;
  });
  if (status?.mainLost) throw new StageFailure(mainStop(status.mainLost));
}
