import { integerText, MeshServiceConfig } from "@baton/service";
import type { z } from "zod";

/** The environment of the metrics service. */
export const MetricsConfig = MeshServiceConfig.extend({
  /** How often the gauges are brought up to date. */
  BATON_METRICS_REFRESH_MS: integerText({ min: 100, max: 60_000 })
    .default(2000)
    .meta({ example: "2000" }),
  /**
   * Journal entries folded into the gauges per second at most: it bounds what the service costs. When more are written,
   * the gauges fall behind and `baton_journal_behind_entries` says by how much.
   */
  BATON_METRICS_ENTRIES_PER_SECOND: integerText({ min: 10, max: 1_000_000 })
    .default(4000)
    .meta({ example: "4000" }),
});
export type MetricsConfig = z.infer<typeof MetricsConfig>;
