/** Signatures after Standard Webhooks 1.0.0 (standardwebhooks.com), symmetric scheme. */
import { createHmac } from "node:crypto";

const PREFIX = "whsec_";
const KEY_BYTES = { min: 24, max: 64 };

/** The key in a secret such as `whsec_` and base64, or undefined if it isn't one. */
export function parseSecret(text: string): Buffer | undefined {
  const base64 = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : "";
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  const key = Buffer.from(base64, "base64");
  return key.length >= KEY_BYTES.min && key.length <= KEY_BYTES.max ? key : undefined;
}

/** The three headers; one signature per key, so that a receiver may have either while they are changed. */
export function signedHeaders(
  keys: readonly Buffer[],
  { id, seconds, body }: { id: string; seconds: number; body: string },
): Record<string, string> {
  const signatures = keys.map((key) => {
    const digest = createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64");
    return `v1,${digest}`;
  });
  return {
    "webhook-id": id,
    "webhook-timestamp": String(seconds),
    "webhook-signature": signatures.join(" "),
  };
}
