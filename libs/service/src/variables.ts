/** Building blocks of configuration schemas: what an environment variable's text may be. */
import { isIP } from "node:net";

import { z } from "zod";

const INTEGER = /^-?\d{1,16}$/;

/** A whole number in plain decimal digits (no `1e3`, no `0x10`), both limits included. */
export function integerText({ min, max }: { min: number; max: number }) {
  const rule = `must be a whole number from ${min} to ${max}, in plain digits`;
  return z
    .string()
    .regex(INTEGER, { error: rule, abort: true })
    .transform(Number)
    .pipe(z.int({ error: rule }).min(min, { error: rule }).max(max, { error: rule }));
}

/** A number such as `0.5` in plain decimal digits, both limits included. */
export function numberText({ min, max }: { min: number; max: number }) {
  const rule = `must be a number from ${min} to ${max}, in plain digits`;
  return z
    .string()
    .regex(/^-?\d{1,16}(\.\d{1,16})?$/, { error: rule, abort: true })
    .transform(Number)
    .pipe(z.number({ error: rule }).min(min, { error: rule }).max(max, { error: rule }));
}

/** `true`/`1` or `false`/`0`. */
export function flagText() {
  return z
    .enum(["true", "1", "false", "0"], { error: "must be true, false, 1 or 0" })
    .transform((text) => text === "true" || text === "1");
}

/** An absolute URL with one of the given schemes, such as `["http", "https"]`. */
export function urlText(schemes: readonly string[]) {
  const rule = `must be a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(" or ")}`;
  return z.string().refine((text) => isUrl(text, schemes), { error: rule });
}

/** Addresses of NATS servers, separated by commas. */
export function natsServersText() {
  const rule =
    "must be a URL, or several separated by commas, each beginning with nats:// or tls://";
  const named = "must have a host name after tls://: no certificate is held against a bare address";
  return z
    .string()
    .transform((text) => text.split(",").map((url) => url.trim()))
    .refine((urls) => urls.every((url) => isUrl(url, ["nats", "tls"])), {
      error: rule,
      abort: true,
    })
    .refine((urls) => urls.every((url) => !url.startsWith("tls://") || hasName(url)), {
      error: named,
    })
    .transform((urls) => urls.join(","));
}

function hasName(url: string): boolean {
  const { hostname } = new URL(url);
  return isIP(hostname.replace(/^\[|\]$/g, "")) === 0;
}

/** Host names separated by commas, 32 at most. */
export function hostNamesText() {
  const rule = "must be host names separated by commas, 32 at most";
  return z
    .string()
    .max(4096, { error: rule })
    .transform((text) => text.split(",").map((name) => name.trim()))
    .pipe(
      z
        .array(z.string().regex(/^[A-Za-z0-9._-]{1,253}$/, { error: rule }))
        .max(32, { error: rule }),
    );
}

/**
 * A secret: its value is shown in no message or log line, and it may be given as a file instead,
 * named by `<NAME>_FILE`, which must be readable by its owner only (mode 0600 or 0400).
 */
export function secretText() {
  return z
    .string()
    .min(1)
    .max(16_384, { error: "must be 16,384 characters at most" })
    .meta({ secret: true });
}

function isUrl(text: string, schemes: readonly string[]): boolean {
  const url = URL.parse(text);
  return url !== null && url.hostname !== "" && schemes.includes(url.protocol.slice(0, -1));
}
