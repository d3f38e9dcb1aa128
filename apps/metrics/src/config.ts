import { integerText, MeshServiceConfig } from "@baton/service";
import type { z } from "zod";

/** The environment of the metrics service. */
export const MetricsConfig = MeshServiceConfig.extend({
  /** How often the series are brought up to date with the streams. */
  BATON_METRICS_REFRESH_MS: integerText({ min: 100, max: 60_000 })
    .default(2000)
    .meta({ example: "2000" }),
  /**
   * While more messages are written to a stream per second, only so many are folded into the series, or a fifteenth of what is
   * left if that's more: a burst isn't slowed down by being watched, and lasting traffic is shown some 15 seconds late. The series
   * are behind then, and `baton_metrics_behind_messages` says by how much.
   */
  BATON_METRICS_MESSAGES_PER_SECOND: integerText({ min: 10, max: 1_000_000 })
    .default(500)
    .meta({ example: "500" }),
  /** A started process sends the spans again of what was stored in so long before; what wasn't sent before that is left out. */
  BATON_TRACES_RESEND_MS: integerText({ min: 0, max: 604_800_000 })
    .default(3_600_000)
    .meta({ example: "3600000" }),
  /** So many bytes a second are read again of what is stored, to find what a disk has lost; 0: nothing is. */
  BATON_SCRUB_BYTES_PER_SECOND: integerText({ min: 0, max: 1_000_000_000 })
    .default(1_000_000)
    .meta({ example: "1000000" }),
  /** Pause between the end of one such round and the start of the next. */
  BATON_SCRUB_EVERY_MS: integerText({ min: 100, max: 604_800_000 })
    .default(3_600_000)
    .meta({ example: "3600000" }),
});
export type MetricsConfig = z.infer<typeof MetricsConfig>;
