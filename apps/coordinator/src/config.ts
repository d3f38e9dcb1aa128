import { integerText, MeshServiceConfig } from "@baton/service";
import { z } from "zod";

/** The coordinator's environment. */
export const CoordinatorConfig = MeshServiceConfig.extend({
  /** The playbook that new candidates start under. */
  BATON_PLAYBOOK: z
    .string()
    .min(1, { error: "must be the path of a playbook file" })
    .meta({ example: "playbooks/baton.yaml" }),
  /** Candidates whose last entry is kept in memory. */
  BATON_CACHE_ENTRIES: integerText({ min: 100, max: 1_000_000 })
    .default(10_000)
    .meta({ example: "10000" }),
  /** How often deadlines are looked at. */
  BATON_SWEEP_MS: integerText({ min: 100, max: 600_000 }).default(1000).meta({ example: "1000" }),
  /** How often entries of other coordinators are read for deadlines. */
  BATON_RESYNC_MS: integerText({ min: 500, max: 3_600_000 })
    .default(30_000)
    .meta({ example: "30000" }),
});
export type CoordinatorConfig = z.infer<typeof CoordinatorConfig>;
