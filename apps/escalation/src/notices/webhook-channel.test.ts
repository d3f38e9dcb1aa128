/** The webhook on a real HTTP server, its signatures checked by the library that receivers use. */
import { randomBytes } from "node:crypto";

import { Notice } from "@baton/contracts";
import { createScrubber } from "@baton/telemetry";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, expect, test } from "vitest";

import { noticeWith } from "../testing/notice.ts";
import { type Behaviour, openReceiver, type Receiver } from "../testing/receiver.ts";
import type { Channel, TellOutcome } from "./channel.ts";
import { parseSecret } from "./sign-webhook.ts";
import { createWebhookChannel } from "./webhook-channel.ts";

const secretOf = (): string => `whsec_${randomBytes(32).toString("base64")}`;
const secret = secretOf();

let receiver: Receiver;
beforeEach(async () => {
  receiver = await openReceiver();
});
afterEach(() => receiver.close());

function open(secrets: readonly string[] = [secret], path = "/hook"): Channel {
  return createWebhookChannel({
    name: "desk",
    url: new URL(path, receiver.url),
    keys: secrets.map((text) => parseSecret(text) ?? Buffer.alloc(0)),
    scrub: createScrubber(secrets),
    now: Date.now,
  });
}

const deliver = (channel = open(), withinMs = 5000): Promise<TellOutcome> =>
  channel.deliver(noticeWith(), AbortSignal.timeout(withinMs));

test("a receiver finds the notice, whole and signed, under a key that is the same each time", async () => {
  const channel = open();
  expect(await deliver(channel)).toEqual({ kind: "told" });
  await deliver(channel);
  const [first, second] = receiver.received;
  if (!first || !second) throw new Error("two requests should have come");
  const verified = new Webhook(secret).verify(first.body, { ...first.headers });
  expect(Notice.parse(verified)).toEqual(noticeWith());
  expect(first.headers).toMatchObject({
    "content-type": "application/json",
    "idempotency-key": "cand-0001.7.open",
    "webhook-id": "cand-0001_7_open",
  });
  expect(second.body).toBe(first.body);
  expect(second.headers["webhook-id"]).toBe(first.headers["webhook-id"]);
});

test("whoever changes a byte or has another secret can't verify it", async () => {
  await deliver();
  const [request] = receiver.received;
  if (!request) throw new Error("no request");
  const altered = request.body.replace("cand-0001", "cand-0002");
  expect(() => new Webhook(secret).verify(altered, { ...request.headers })).toThrow("signature");
  expect(() => new Webhook(secretOf()).verify(request.body, { ...request.headers })).toThrow(
    "signature",
  );
  const seconds = String(Number(request.headers["webhook-timestamp"]) + 1);
  const later = { ...request.headers, "webhook-timestamp": seconds };
  expect(() => new Webhook(secret).verify(request.body, later)).toThrow("signature");
});

test("while a secret is being changed a receiver may have either", async () => {
  const old = secretOf();
  await deliver(open([secret, old]));
  const [request] = receiver.received;
  for (const one of [secret, old])
    expect(() =>
      new Webhook(one).verify(request?.body ?? "", { ...request?.headers }),
    ).not.toThrow();
});

const answer = (status: number, headers = {}, body = ""): Behaviour => {
  return { kind: "answer", status, headers, body };
};

test.each([
  [answer(204), { kind: "told" }],
  [answer(500), { kind: "failed", why: expect.stringContaining("answered 500") }],
  [answer(408), { kind: "failed", why: expect.stringContaining("answered 408") }],
  [answer(429, { "retry-after": "7" }), { kind: "failed", retryAfterMs: 7000 }],
  [answer(503, { "retry-after": "0" }), { kind: "failed", retryAfterMs: 1000 }],
  [answer(503, { "retry-after": "999999" }), { kind: "failed", retryAfterMs: 900_000 }],
  [
    answer(400, {}, "no such\n thing"),
    { kind: "refused", why: expect.stringMatching(/400: no such thing$/) },
  ],
  [answer(401), { kind: "refused" }],
  [answer(410), { kind: "refused" }],
  [{ kind: "hang up" } as const, { kind: "failed" }],
])("what follows %j", async (behaviour, outcome) => {
  receiver.next(behaviour);
  expect(await deliver()).toMatchObject(outcome);
});

test("a date in Retry-After counts from now", async () => {
  const date = new Date(Date.now() + 60_000).toUTCString();
  receiver.next(answer(503, { "retry-after": date }));
  const outcome = await deliver();
  if (outcome.kind !== "failed") throw new Error(outcome.kind);
  expect(outcome.retryAfterMs).toBeGreaterThan(30_000);
  expect(outcome.retryAfterMs).toBeLessThanOrEqual(60_000);
});

test("a redirect is refused and not followed", async () => {
  const other = await openReceiver();
  receiver.next(answer(307, { location: `${other.url}/elsewhere` }));
  expect(await deliver()).toMatchObject({
    kind: "refused",
    why: expect.stringContaining("redirects aren't followed"),
  });
  expect(other.received).toEqual([]);
  expect(receiver.received).toHaveLength(1);
  await other.close();
});

test("of an answer without end only the beginning is taken", async () => {
  receiver.next({ kind: "endless" });
  expect(await deliver()).toMatchObject({
    kind: "failed",
    why: expect.stringMatching(/answered 500: x{100,160}…$/),
  });
  expect(receiver.sentBytes).toBeLessThan(64 * 2 ** 20);
});

test("a receiver that hangs is left when the time is over", async () => {
  receiver.next({ kind: "hang" });
  await expect(deliver(open(), 200)).rejects.toThrow(/timeout/i);
});

test("a receiver that isn't there is a failure with its address and no path", async () => {
  const channel = open([secret], "/hook?token=abcdef");
  await receiver.close();
  const outcome = await deliver(channel);
  expect(outcome).toMatchObject({ kind: "failed", why: expect.stringContaining("ECONNREFUSED") });
  expect(JSON.stringify(outcome)).not.toContain("abcdef");
  receiver = await openReceiver();
});

test("a receiver that repeats the secret doesn't get it into our messages", async () => {
  receiver.next(answer(403, {}, `your secret ${secret} is wrong`));
  const outcome = await deliver();
  expect(JSON.stringify(outcome)).toContain("is wrong");
  expect(JSON.stringify(outcome)).not.toContain(secret.slice(8, 30));
});

test.each(["", "whsec_", "whsec_c2hvcnQ=", "secret", `whsec_${"A".repeat(200)}`, "whsec_!!!!"])(
  "%j is no secret",
  (text) => {
    expect(parseSecret(text)).toBeUndefined();
  },
);
