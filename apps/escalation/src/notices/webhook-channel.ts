import type { ChannelName } from "@baton/contracts";

import type { Channel } from "./channel.ts";
import { postJson } from "./post-json.ts";
import { signedHeaders } from "./sign-webhook.ts";

/** A receiver of signed JSON. */
export interface WebhookSettings {
  readonly name: ChannelName;
  readonly url: URL;
  /** The first one is the current one; others are on their way out. */
  readonly keys: readonly Buffer[];
  readonly scrub: (text: string) => string;
  readonly now: () => number;
}

/**
 * Posts the notice itself, signed. `webhook-id` is the key with `_` for the dots, because a dot separates what is signed;
 * `Idempotency-Key` is the key. Body and id are the same in every attempt; timestamp and signature aren't.
 */
export function createWebhookChannel(settings: WebhookSettings): Channel {
  const { name, url, keys, scrub, now } = settings;
  return {
    name,
    type: "webhook",
    maxInFlight: 8,
    deliver: (notice, signal) => {
      const body = JSON.stringify(notice);
      const seconds = Math.floor(now() / 1000);
      const headers = {
        ...signedHeaders(keys, { id: notice.key.replaceAll(".", "_"), seconds, body }),
        "idempotency-key": notice.key,
      };
      return postJson({ url, body, headers, signal, scrub });
    },
  };
}
