/** Whether main goes on from what the engine obeyed, asked before anything is put on it. */
import { mainStop } from "@baton/artifacts";
import { Failed } from "@baton/contracts";
import type { Engine } from "@baton/engine";
import { StageFailure } from "@baton/lanekit";

/**
 * Throws a StageFailure (transient) while it doesn't: a commit on top would be lost when main is brought back. An engine that
 * can't be asked says nothing here; what isn't seen to run isn't verified anyway.
 */
export async function requireMainGoesOn(engine: Engine): Promise<void> {
  const status = await engine.status().catch((error: unknown) => {
    if (error instanceof Failed) return undefined;
    throw error;
  });
  if (status?.mainLost) throw new StageFailure(mainStop(status.mainLost));
}
