import { z } from "zod";

/** Lane A's own configuration, on top of what every lane takes. */
export const LaneAConfig = {
  /** `1` allows the faults that a candidate injects on purpose; never in production. */
  BATON_DRILLS: z.enum(["0", "1"]).default("0"),
};
