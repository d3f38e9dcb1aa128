import { createScrubber, type Log } from "@baton/telemetry";

import { createAlertmanagerChannel } from "../notices/alertmanager-channel.ts";
import type { Channel } from "../notices/channel.ts";
import { createLogChannel } from "../notices/log-channel.ts";
import { createSlackChannel } from "../notices/slack-channel.ts";
import { createWebhookChannel } from "../notices/webhook-channel.ts";
import type { EscalationPolicy } from "./read-policy.ts";

/** The channels of a policy, the log first. */
export function openChannels(
  { channels, links }: Pick<EscalationPolicy, "channels" | "links">,
  { log, now }: { log: Log; now: () => number },
): readonly Channel[] {
  const opened = channels.map((settings): Channel => {
    const scrub = createScrubber(settings.secrets);
    if (settings.type === "webhook") return createWebhookChannel({ ...settings, scrub, now });
    if (settings.type === "slack") return createSlackChannel({ ...settings, links, scrub });
    return createAlertmanagerChannel({ ...settings, links, scrub, now });
  });
  return [createLogChannel(log), ...opened];
}
