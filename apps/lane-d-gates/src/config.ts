import { z } from "zod";

/** Lane D's own configuration, on top of what every lane takes. */
export const LaneDConfig = {
  /** File of the gate policy; the one that comes with the lane unless set. */
  BATON_GATE_POLICY: z.string().min(1).optional(),
};
