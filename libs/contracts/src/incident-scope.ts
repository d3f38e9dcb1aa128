import { z } from "zod";

import { CandidateId, Lane } from "./names.ts";
import { wireObject } from "./wire.ts";

/** What an incident freezes. */
export const IncidentScope = z.discriminatedUnion("kind", [
  wireObject({ kind: z.literal("candidate"), candidateId: CandidateId }),
  wireObject({ kind: z.literal("lane"), lane: Lane }),
  wireObject({ kind: z.literal("all") }),
]);
export type IncidentScope = z.infer<typeof IncidentScope>;

/** A data integrity, B execution or risk control, C infrastructure or runtime, D model or strategy drift. */
export const IncidentClass = z.enum(["A", "B", "C", "D"]);
export type IncidentClass = z.infer<typeof IncidentClass>;
