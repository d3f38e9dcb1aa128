import type { StageWork } from "@baton/lanekit";

import { rolloutLane } from "../lane.ts";
import type { RolloutOptions } from "../rollout-options.ts";
import { dispatched, writingDown } from "./dispatched.ts";

/** A stage's work, once the journal says that it was handed over. The failure that it ends with is thrown, so that no test takes it for an end. */
export function stageOf(name: string, options: RolloutOptions): StageWork {
  const work = rolloutLane(options).stages[name];
  if (work === undefined) throw new Error(`no stage ${name}`);
  return async (context) => {
    await dispatched(context);
    const outcome = await work(writingDown(context));
    if (outcome.kind === "failed") throw outcome.failure;
    return outcome;
  };
}
