import { integerText, MeshServiceConfig } from "@baton/service";
import type { z } from "zod";

/** The environment of the metrics service. */
export const MetricsConfig = MeshServiceConfig.extend({
  /** How often the gauges are brought up to date. */
  BATON_METRICS_REFRESH_MS: integerText({ min: 100, max: 60_000 })
    .default(2000)
    .meta({ example: "2000" }),
  /**
   * While more journal entries are written per second, only so many are folded into the gauges: it bounds what the service
   * costs. The gauges are behind then, and `baton_journal_behind_entries` says by how much.
   */
  BATON_METRICS_ENTRIES_PER_SECOND: integerText({ min: 10, max: 1_000_000 })
    .default(2000)
    .meta({ example: "2000" }),
});
export type MetricsConfig = z.infer<typeof MetricsConfig>;
