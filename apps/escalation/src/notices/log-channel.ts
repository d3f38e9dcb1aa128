import type { Log } from "@baton/telemetry";

import type { Channel } from "./channel.ts";

/** Name of the channel that is always there. */
export const LOG_CHANNEL = "log";

/** Writes notices to the log: overdue ones as errors, resolved ones and those of severity info as information, the rest as warnings. */
export function createLogChannel(log: Log): Channel {
  return {
    name: LOG_CHANNEL,
    type: "log",
    maxInFlight: Number.MAX_SAFE_INTEGER,
    deliver: async (told) => {
      const { kind, facts, ...notice } = told;
      const fields = { ...notice, notice: kind, ...facts };
      const text = `${notice.summary} ${notice.action}`.trim();
      if (kind === "overdue") log.error(fields, text);
      else if (kind === "resolved") log.info(fields, notice.summary);
      else if (notice.severity === "info") log.info(fields, text);
      else log.warn(fields, text);
      return { kind: "told" };
    },
  };
}
