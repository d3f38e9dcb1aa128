import { Sha256 } from "@baton/contracts";
import { z } from "zod";

import { InputDigest } from "./backtest-figures.ts";
import { GateReport } from "./gate-report.ts";

/** `gates/promotion-prerequisites.json`: everything that must be in place before a strategy is rolled out. */
export const PromotionPrerequisites = GateReport.extend({
  promotionTarget: z.enum(["shadow", "paper", "live"]),
  inputs: z.array(InputDigest),
  /** Digest of the plugin's source that would be rolled out; null if the artifacts don't agree on one. */
  sourceSha256: Sha256.nullable(),
  /** Hash that the engine would run at level L0, from the dry rendering; null if it can't be rendered. */
  configHash: Sha256.nullable(),
});
export type PromotionPrerequisites = z.infer<typeof PromotionPrerequisites>;
