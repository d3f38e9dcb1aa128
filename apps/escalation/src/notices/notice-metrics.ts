import type { Meter } from "@baton/telemetry";

import type { ChannelState, OnAttempt } from "./switchboard.ts";

/** Registers the series about channels, each replica's own. Returns what counts an attempt. */
export function observeChannels(
  meter: Meter,
  states: () => readonly ChannelState[],
  now: () => number,
): OnAttempt {
  meter
    .createObservableGauge("baton_notice_channel_failing_seconds", {
      description:
        "How long nothing was told over a channel that is tried, in seconds; 0 if it works",
    })
    .addCallback((result) => {
      for (const { name, trouble } of states())
        result.observe(trouble ? Math.max(0, (now() - trouble.sinceMs) / 1000) : 0, {
          channel: name,
        });
    });
  const notices = meter.createCounter("baton_notices", {
    description:
      "Attempts to tell a notice, by channel, kind (keep: an open alert sent again) and outcome",
  });
  return (channel, kind, { kind: outcome }) => notices.add(1, { channel, kind, outcome });
}
