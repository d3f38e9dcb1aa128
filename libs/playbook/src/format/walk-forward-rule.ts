import { DEFAULT_WALK_FORWARD_LIMITS as usual, WalkForwardLimits } from "@baton/contracts";
import { z } from "zod";

const { minTrainRows, minPurgeRows, minTestRows, minTestedRows, minFolds } =
  WalkForwardLimits.shape;

/** What a walk-forward must have at least, as a playbook says it: what it leaves out is as usual. */
export const WalkForwardRule = z.strictObject({
  minTrainRows: minTrainRows.default(usual.minTrainRows),
  minPurgeRows: minPurgeRows.default(usual.minPurgeRows),
  minTestRows: minTestRows.default(usual.minTestRows),
  minTestedRows: minTestedRows.default(usual.minTestedRows),
  minFolds: minFolds.default(usual.minFolds),
});
