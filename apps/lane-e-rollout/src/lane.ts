/**
 * Lane E: rolls a strategy out. It commits to the GitOps repository and looks at what runs; it never sends an order and
 * never claims what it hasn't seen.
 */
import { defineLane, type LaneDefinition } from "@baton/lanekit";

import { liveRamp } from "./live-ramp.ts";
import { promotionPrerequisites } from "./promotion-prerequisites.ts";
import type { RolloutOptions } from "./rollout-options.ts";
import { shadowPaper } from "./shadow-paper.ts";

/** The lane of promotion-prerequisites, shadow-paper and live-ramp. */
export function rolloutLane(options: RolloutOptions): LaneDefinition {
  return defineLane({
    lane: "lane-e",
    stages: {
      "promotion-prerequisites": (context) => promotionPrerequisites(context, options),
      "shadow-paper": (context) => shadowPaper(context, options),
      "live-ramp": (context) => liveRamp(context, options),
    },
  });
}
