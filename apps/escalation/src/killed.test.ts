/** Real escalation processes and a real server, killed at any moment: every question is told, and none twice without need. */
import { noticeKey, type ReviewRecord } from "@baton/contracts";
import { eventually } from "@baton/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { begin } from "./notices/delivery-rules.ts";
import { REVIEW_WORDING } from "./review-notice.ts";
import { noticesOf, openPlayground, type Playground } from "./testing/playground.ts";
import { keysOf, listReviews, OUTAGE_MS, recordOf, settled, START_MS } from "./testing/reviews.ts";

vi.setConfig({ testTimeout: START_MS });

let playground: Playground;
beforeAll(async () => {
  playground = await openPlayground();
}, START_MS);
afterAll(() => playground.close(), START_MS);

test("two replicas of which one is killed tell every question once and forget none", async () => {
  const { escalation, pause, command } = playground;
  const names = Array.from({ length: 60 }, (_, index) => `killed-${index}`);
  // Long enough that only a killed process lets a claim run out.
  const env = { BATON_NOTICE_LEASE_MS: "4000" };
  await using first = escalation(env);
  await using second = escalation(env);
  await Promise.all([first.ready(), second.ready()]);
  const pausing = Promise.all(names.map(pause));
  await eventually(() => noticesOf(first).length >= 5, {
    what: "the first replica is at work",
    everyMs: 1,
    withinMs: OUTAGE_MS,
  });
  await first.sigkill();
  await pausing;
  await using third = escalation(env);
  await Promise.all(names.map((name) => settled(playground.mesh, name, "open")));
  await Promise.all(names.slice(0, 30).map((name) => command(name, "resume")));
  await Promise.all(names.slice(0, 30).map((name) => settled(playground.mesh, name, "answered")));
  const keys = names.flatMap((name) => keysOf([first, second, third], name));
  const wanted = await Promise.all(
    names.map(async (name, index) => {
      const record = await recordOf(playground.mesh, name);
      if (!record) throw new Error(`${name} has no record`);
      return index < 30
        ? [noticeKey(record, "open"), noticeKey(record, "resolved")]
        : [noticeKey(record, "open")];
    }),
  );
  expect(new Set(keys)).toEqual(new Set(wanted.flat()));
  // Told again is only what the killed one had told and not yet noted.
  expect(keys.length - new Set(keys).size).toBeLessThanOrEqual(64);
  const survivors = names.flatMap((name) => keysOf([second, third], name));
  expect(survivors.length).toBe(new Set(survivors).size);
});

test("a notice that a killed replica claimed and didn't tell is told when the claim is over", async () => {
  const { mesh, escalation, pause } = playground;
  await pause("claimed-1");
  const first = escalation();
  await first.ready();
  const told = await settled(playground.mesh, "claimed-1", "open");
  await first.sigkill();
  const nowMs = Date.now();
  const claimedUntil = new Date(nowMs + 400).toISOString();
  const notice = REVIEW_WORDING.noticeOf(told, "open", new Date(nowMs).toISOString());
  const unfinished: ReviewRecord = {
    ...told,
    lastNotifiedAt: null,
    delivery: { ...begin(notice, ["log"], { leaseMs: 400, nowMs }), claimedUntil },
  };
  await mesh.js.publish("$KV.REVIEWS.claimed-1", JSON.stringify(unfinished));
  await using second = escalation();
  await settled(playground.mesh, "claimed-1", "open");
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(claimedUntil));
  expect(keysOf([second], "claimed-1")).toEqual(keysOf([first], "claimed-1"));
});

test("entries that are delivered once more open nothing and tell nobody", async () => {
  const { mesh, escalation, pause, command } = playground;
  await pause("twice-1");
  await pause("twice-2");
  const first = escalation();
  await settled(playground.mesh, "twice-1", "open");
  await command("twice-2", "cancel");
  await settled(playground.mesh, "twice-2", "answered");
  await first.stop();
  const { config } = await mesh.jsm.consumers.info("JOURNAL", "escalation");
  await mesh.jsm.consumers.delete("JOURNAL", "escalation");
  await mesh.jsm.consumers.add("JOURNAL", config);
  const revision = (await mesh.jsm.streams.info("KV_REVIEWS")).state.last_seq;
  await using second = escalation();
  await second.ready();
  await eventually(
    async () => {
      const info = await mesh.jsm.consumers.info("JOURNAL", "escalation");
      return info.num_pending + info.num_ack_pending === 0;
    },
    { what: "all was delivered again and acknowledged", withinMs: OUTAGE_MS },
  );
  expect(noticesOf(second)).toEqual([]);
  expect((await mesh.jsm.streams.info("KV_REVIEWS")).state.last_seq).toBe(revision);
});

test(
  "a server that was killed is found again, and answers given since are noticed",
  async () => {
    const { mesh, nats, escalation, pause, command } = playground;
    await using service = escalation();
    const address = await service.ready();
    await pause("outage-1");
    await settled(playground.mesh, "outage-1", "open");
    await nats.kill9();
    await nats.restart();
    const isResumed = async (): Promise<boolean> =>
      (await mesh.journal.last("outage-1"))?.entry.holder !== "review";
    await eventually(
      async () => (await isResumed()) || (await command("outage-1", "resume").then(isResumed)),
      { what: "the coordinator is back", withinMs: OUTAGE_MS },
    );
    await settled(playground.mesh, "outage-1", "answered");
    await pause("outage-2");
    await settled(playground.mesh, "outage-2", "open");
    await eventually(
      async () =>
        (await listReviews(address)).reviews.some((one) => one.candidateId === "outage-2"),
      { what: "the copy is up to date again", withinMs: OUTAGE_MS },
    );
    const levels = keysOf([service], "outage-1").map((key) => key.split(".")[2]);
    expect(levels).toEqual(["open", "resolved"]);
  },
  START_MS,
);
