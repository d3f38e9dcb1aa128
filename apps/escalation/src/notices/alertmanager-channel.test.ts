/** The channel on a real Alertmanager. */
import type { Notice } from "@baton/contracts";
import { eventually, type TestAlertmanager } from "@baton/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

import { HAS_ALERTMANAGER, startAlertmanager } from "../testing/alertmanager.ts";
import { noticeWith } from "../testing/notice.ts";
import { openReceiver, type Receiver } from "../testing/receiver.ts";
import { type AlertmanagerSettings, createAlertmanagerChannel } from "./alertmanager-channel.ts";

const TOLD = { kind: "told" } as const;
const signal = AbortSignal.timeout(60_000);

const Notification = z.object({
  status: z.string(),
  groupLabels: z.record(z.string(), z.string()),
});

let alertmanager: TestAlertmanager | undefined;
let receiver: Receiver;
beforeAll(async () => {
  receiver = await openReceiver();
  if (HAS_ALERTMANAGER) alertmanager = await startAlertmanager({ webhookUrl: receiver.url });
});
afterAll(async () => {
  await alertmanager?.stop();
  await receiver.close();
});

/** Only to be asked in tests that run where there is one. */
function running(): TestAlertmanager {
  if (!alertmanager) throw new Error("there's no Alertmanager");
  return alertmanager;
}

const open = (changes: Partial<AlertmanagerSettings> = {}) =>
  createAlertmanagerChannel({
    name: "pager",
    url: new URL(running().url),
    authorization: undefined,
    labels: { mesh: "test" },
    lifetimeMs: 900_000,
    links: {
      trace: "https://traces.example/{traceId}",
      runbook: "https://docs.example/{reason}",
    },
    scrub: (text) => text,
    now: Date.now,
    ...changes,
  });

/** A notice about a matter of its own that was opened just now. */
const noticeOn = (matter: string, changes: Partial<Notice> = {}): Notice => {
  const now = new Date().toISOString();
  return noticeWith({ matter, key: `${matter}.open`, time: now, openedAt: now, ...changes });
};
const resolved = (notice: Notice): Notice => {
  const now = new Date().toISOString();
  const answer = { by: "ada", what: "approve", at: now };
  return { ...notice, key: `${notice.matter}.resolved`, kind: "resolved", time: now, answer };
};
const alertsOf = async (matter: string) =>
  (await running().alerts()).filter(({ labels }) => labels["matter"] === matter);
const goneWithin = (matter: string, withinMs = 5000) =>
  eventually(async () => (await alertsOf(matter)).length === 0, { what: "ended", withinMs });

test.runIf(HAS_ALERTMANAGER)(
  "a review is one alert however often it is told, and none when it is resolved",
  async () => {
    const channel = open();
    const notice = noticeOn("cand-0001.1");
    expect(await channel.deliver(notice, signal)).toEqual(TOLD);
    const [alert, ...more] = await alertsOf(notice.matter);
    expect(more).toEqual([]);
    expect(alert).toMatchObject({
      labels: {
        alertname: "BatonReviewApprovalRequired",
        reason: "APPROVAL_REQUIRED",
        candidate_id: "cand-0001",
        stage: "live-ramp",
        severity: "warning",
        mesh: "test",
      },
      annotations: {
        summary: notice.summary,
        description: notice.detail,
        action: notice.action,
        runbook_url: "https://docs.example/APPROVAL_REQUIRED",
      },
      generatorURL: `https://traces.example/${"a".repeat(32)}`,
    });
    expect(Date.parse(alert?.startsAt ?? "")).toBe(Date.parse(notice.openedAt));
    const reminder = { ...notice, key: `${notice.matter}.reminder-1`, kind: "reminder" } as const;
    await channel.deliver(reminder, signal);
    await open().deliver(notice, signal);
    expect((await alertsOf(notice.matter)).map(({ fingerprint }) => fingerprint)).toEqual([
      alert?.fingerprint,
    ]);
    expect(await channel.deliver(resolved(notice), signal)).toEqual(TOLD);
    await goneWithin(notice.matter);
    const statuses = await eventually(
      () => {
        const sent = receiver.received.map(({ body }) => Notification.parse(JSON.parse(body)));
        const own = sent.filter(({ groupLabels }) => groupLabels["matter"] === notice.matter);
        return own.length >= 2 ? own.map(({ status }) => status) : undefined;
      },
      { what: "Alertmanager notified of both", withinMs: 20_000 },
    );
    expect(statuses).toEqual(["firing", "resolved"]);
  },
);

test.runIf(HAS_ALERTMANAGER)(
  "when the severity rises one alert takes the place of the other",
  async () => {
    const channel = open();
    const notice = noticeOn("cand-0001.2");
    await channel.deliver(notice, signal);
    const overdue: Notice = {
      ...notice,
      kind: "overdue",
      severity: "critical",
      formerSeverities: ["warning"],
      time: new Date().toISOString(),
    };
    await channel.deliver(overdue, signal);
    const severities = async () =>
      (await alertsOf(notice.matter)).map(({ labels }) => labels["severity"]);
    expect(await severities()).toEqual(["critical"]);
    // The first attempt comes late: the next round puts it right.
    await channel.deliver(notice, signal);
    await channel.keep?.([overdue], signal);
    expect(await severities()).toEqual(["critical"]);
    await channel.deliver(resolved(overdue), signal);
    await goneWithin(notice.matter);
  },
);

test.runIf(HAS_ALERTMANAGER)(
  "what is open outlives its lifetime as long as somebody keeps it, and ends when nobody does",
  async () => {
    const channel = open({ lifetimeMs: 2000 });
    const notice = noticeOn("cand-0001.3");
    await channel.deliver(notice, signal);
    const [first] = await alertsOf(notice.matter);
    const endsAt = Date.parse(first?.endsAt ?? "");
    await eventually(
      async () => {
        await channel.keep?.([notice], signal);
        return Date.now() > endsAt + 500;
      },
      { what: "its first lifetime is over", everyMs: 100 },
    );
    expect((await alertsOf(notice.matter)).map(({ fingerprint }) => fingerprint)).toEqual([
      first?.fingerprint,
    ]);
    await goneWithin(notice.matter, 10_000);
  },
);

test.runIf(HAS_ALERTMANAGER)(
  "what a process kept and finds open no longer it ends, even if another opened it again",
  async () => {
    const [one, other] = [open(), open()];
    const notice = noticeOn("cand-0001.4");
    await one.keep?.([notice], signal);
    await other.deliver(resolved(notice), signal);
    await goneWithin(notice.matter);
    // A process that doesn't know yet.
    await other.keep?.([notice], signal);
    expect(await alertsOf(notice.matter)).toHaveLength(1);
    await one.keep?.([], signal);
    await goneWithin(notice.matter);
    expect(await one.keep?.([], signal)).toBeUndefined();
  },
);

test.runIf(HAS_ALERTMANAGER)(
  "an Alertmanager that lost its memory has it again after the next round",
  async () => {
    const channel = open({ lifetimeMs: 5000 });
    const notices = [noticeOn("cand-0001.5"), noticeOn("cand-0001.6")];
    for (const notice of notices) await channel.deliver(notice, signal);
    await running().kill9();
    expect(await channel.keep?.(notices, signal)).toMatchObject({ kind: "failed" });
    await running().restart();
    expect(await running().alerts()).toEqual([]);
    await channel.keep?.(notices, signal);
    expect(await running().alerts()).toHaveLength(2);
    await channel.keep?.([], signal);
  },
);

test.runIf(HAS_ALERTMANAGER)(
  "what Alertmanager doesn't take is refused with its own words",
  async () => {
    const openedAt = new Date(Date.now() + 86_400_000).toISOString();
    const outcome = await open().deliver(noticeOn("cand-0001.7", { openedAt }), signal);
    expect(outcome).toMatchObject({
      kind: "refused",
      why: expect.stringMatching(/400: .*start time must be before end time/),
    });
  },
);

test.runIf(HAS_ALERTMANAGER)("a locked one takes the right password only", async () => {
  // bcrypt of "correct horse".
  const basicAuth = { baton: "$2b$04$cKe5sH/I4wJGaHYn6B4AgOixWlJElCxJreRb8GSRMfMIOxKe8viJC" };
  const locked = await startAlertmanager({ basicAuth });
  const authorizationOf = (password: string): string =>
    `Basic ${Buffer.from(`baton:${password}`).toString("base64")}`;
  const url = new URL(locked.url);
  const told = open({ url, authorization: authorizationOf("correct horse") });
  expect(await told.deliver(noticeOn("cand-0001.8"), signal)).toEqual(TOLD);
  for (const authorization of [undefined, authorizationOf("wrong horse")])
    expect(
      await open({ url, authorization }).deliver(noticeOn("cand-0001.8"), signal),
    ).toMatchObject({ kind: "refused", why: expect.stringContaining("401") });
  await locked.stop();
});
