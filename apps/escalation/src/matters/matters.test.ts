/** Real escalation processes on a real server, whose controls are changed as a coordinator would: killed, late, many at once. */
import { setTimeout as delay } from "node:timers/promises";

import { eventually, startTestMesh, type TestMesh } from "@baton/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";

import { HAS_ALERTMANAGER, startAlertmanager } from "../testing/alertmanager.ts";
import { bodiesByKey } from "../testing/arrivals.ts";
import {
  escalationOn,
  kindsOn,
  listMatters,
  matterOf,
  matterSettled,
  noticesOn,
  openControlHand,
} from "../testing/matters.ts";
import { openPolicyFolder, type PolicyFolder } from "../testing/policy-file.ts";
import { openReceiver, type Receiver } from "../testing/receiver.ts";
import { OUTAGE_MS, START_MS } from "../testing/reviews.ts";

vi.setConfig({ testTimeout: START_MS * 2 });

let world: TestMesh;
let folder: PolicyFolder;
let hand: ReturnType<typeof openControlHand>;
beforeAll(async () => {
  world = await startTestMesh();
  folder = openPolicyFolder();
  hand = openControlHand(world);
}, START_MS);
afterAll(async () => {
  await world.stop();
  folder.remove();
}, START_MS);

let one: Receiver;
let other: Receiver;
beforeEach(async () => {
  [one, other] = await Promise.all([openReceiver(), openReceiver()]);
});
afterEach(() => Promise.all([one.close(), other.close()]));

/** Waits until as many notices about a matter arrived as there are kinds, and expects these. */
async function told(receiver: Receiver, matter: string, kinds: readonly string[]): Promise<void> {
  await eventually(() => kindsOn(receiver, matter).length >= kinds.length, {
    what: `${kinds.join()} of ${matter}`,
    withinMs: OUTAGE_MS,
  });
  expect([matter, ...kindsOn(receiver, matter)]).toEqual([matter, ...kinds]);
}

test("the kill switch is told when it is engaged and when two people released it, and listed between", async () => {
  await using service = escalationOn(world, folder.toldTo(folder.webhook("desk", one.url)));
  const address = await service.ready(START_MS);
  const { controls } = await hand.engage();
  const matter = `mesh.kill-switch-${controls.killSwitch?.commandId}`;
  await told(one, matter, ["open"]);
  expect(noticesOn(one, matter)[0]).toMatchObject({
    topic: "controls",
    subject: "mesh",
    reason: "KILL_SWITCH_ENGAGED",
    severity: "critical",
    summary: "Kill switch engaged by ada: fills come twice",
    action: expect.stringContaining("baton kill-switch release"),
    openedAt: controls.killSwitch?.time,
  });
  await hand.askRelease("ben");
  await eventually(
    async () => {
      const { total, matters } = await listMatters(address);
      return total === 1 && matters[0]?.detail.includes("asked for by ben (fills are right;");
    },
    { what: "listed with who wants it released", withinMs: OUTAGE_MS },
  );
  await hand.askRelease("eve");
  await told(one, matter, ["open", "resolved"]);
  expect(noticesOn(one, matter)[1]).toMatchObject({
    detail: expect.stringMatching(/^Kill switch released by ben and eve: fills are right/),
    answer: { by: "eve", what: "release-kill-switch" },
  });
  await eventually(async () => (await listMatters(address)).total === 0, {
    what: "nothing is open",
    withinMs: OUTAGE_MS,
  });
});

test("how long a webhook takes from the controls' entry: measured", async () => {
  await using service = escalationOn(world, folder.toldTo(folder.webhook("watch", one.url)));
  await service.ready(START_MS);
  const tookMs: number[] = [];
  for (let round = 0; round < 40; round += 1) {
    // Otherwise each change would come right after a look.
    await delay(round * 6);
    const { controls } = await world.control({
      type: "incident",
      by: "ada",
      class: "D",
      scope: { kind: "all" },
    });
    const id = controls.incidents.at(-1)?.id ?? "";
    await told(one, `mesh.${id}`, ["open"]);
    tookMs.push((one.received.at(-1)?.atMs ?? 0) - Date.parse(controls.time));
    await hand.close(id);
  }
  const [least, ...more] = tookMs.toSorted((a, b) => a - b);
  const median = more[Math.floor(more.length / 2)];
  process.stderr.write(
    `controls' entry -> webhook: ${least} to ${more.at(-1)} ms, half within ${median} ms (${tookMs.length})\n`,
  );
  expect(tookMs).toHaveLength(40);
});

test("what opened and ended faster than anybody looks is told as both, in order", async () => {
  await using service = escalationOn(world, folder.toldTo(folder.webhook("quick", one.url)));
  await service.ready(START_MS);
  const ids: string[] = [];
  for (let index = 0; index < 5; index += 1) {
    const id = await hand.incident({ class: "C" });
    await hand.close(id);
    ids.push(id);
  }
  for (const id of ids) await told(one, `mesh.${id}`, ["open", "resolved"]);
  expect(one.received).toHaveLength(2 * ids.length);
});

test("a receiver that hangs keeps nobody from hearing of what happens meanwhile", async () => {
  const hooks = [folder.webhook("hung", one.url), folder.webhook("well", other.url)];
  const env = { ...folder.toldTo(...hooks), BATON_NOTICE_LEASE_MS: "60000" };
  await using service = escalationOn(world, env);
  await service.ready(START_MS);
  one.next({ kind: "hang" });
  const first = await hand.incident({ class: "B" });
  await told(other, `mesh.${first}`, ["open"]);
  const second = await hand.incident({ class: "B" });
  await told(other, `mesh.${second}`, ["open"]);
  const waiting = (await matterOf(world.mesh, `mesh.${first}`))?.delivery?.waiting;
  expect(waiting).toMatchObject([{ name: "hung", failed: 0 }]);
  for (const id of [first, second]) await hand.close(id);
});

test("what ended while no escalation ran is told as resolved, what came and went as both, what opened once", async () => {
  const env = folder.toldTo(folder.webhook("absent", one.url));
  const before = await hand.incident({ class: "A" });
  const first = escalationOn(world, env);
  await first.ready(START_MS);
  await matterSettled(world.mesh, `mesh.${before}`, "open");
  await first.sigkill();
  const between = await hand.incident({ class: "C" });
  await hand.close(before);
  await hand.close(between);
  const after = await hand.incident({ class: "D" });
  await using second = escalationOn(world, env);
  await second.ready(START_MS);
  await told(one, `mesh.${before}`, ["open", "resolved"]);
  await told(one, `mesh.${between}`, ["open", "resolved"]);
  await told(one, `mesh.${after}`, ["open"]);
  expect(one.received).toHaveLength(5);
  await hand.close(after);
  await matterSettled(world.mesh, `mesh.${after}`, "answered");
});

test("a replica killed between telling and writing leaves a notice that comes again, word for word", async () => {
  const env = folder.toldTo(folder.webhook("torn", one.url));
  const first = escalationOn(world, env);
  await first.ready(START_MS);
  // Told, and stopped before it can hear so.
  one.next({ kind: "first", act: () => process.kill(first.pid, "SIGSTOP") });
  const id = await hand.incident({ class: "B" });
  await told(one, `mesh.${id}`, ["open"]);
  expect((await matterOf(world.mesh, `mesh.${id}`))?.channels["torn"]).toBeNull();
  await first.sigkill();
  // What happens to it meanwhile changes its record, but not what is being told.
  const task = await hand.emergency(id);
  await using second = escalationOn(world, env);
  await second.ready(START_MS);
  await matterSettled(world.mesh, `mesh.${id}`, "open");
  expect(kindsOn(one, `mesh.${id}`)).toEqual(["open", "open"]);
  expect([...bodiesByKey(one.received).values()].map(({ size }) => size)).toEqual([1, 1]);
  expect((await matterOf(world.mesh, `mesh.${id}`))?.detail).toContain("Emergency under OPS-7");
  await hand.close(id);
  await hand.closeTask(task);
  for (const name of [id, task]) await matterSettled(world.mesh, `mesh.${name}`, "answered");
});

test("a matter that stays open is brought up again, once by whichever replica", async () => {
  const env = {
    ...folder.toldTo(folder.webhook("again", one.url)),
    BATON_REMINDER_EVERY_MS: "400",
    BATON_REMINDERS_MAX: "3",
  };
  await using first = escalationOn(world, env);
  await using second = escalationOn(world, env);
  await Promise.all([first.ready(START_MS), second.ready(START_MS)]);
  const id = await hand.incident({ class: "D" });
  await told(one, `mesh.${id}`, ["open", "reminder", "reminder", "reminder"]);
  expect(noticesOn(one, `mesh.${id}`).map(({ key }) => key.split(".").at(-1))).toEqual([
    "open",
    "reminder-1",
    "reminder-2",
    "reminder-3",
  ]);
  await hand.close(id);
  await told(one, `mesh.${id}`, ["open", "reminder", "reminder", "reminder", "resolved"]);
});

test.runIf(HAS_ALERTMANAGER)(
  "two replicas, of which one is killed, and an Alertmanager that is too: one alert per open matter",
  async () => {
    await using alertmanager = await startAlertmanager();
    const pager = { name: "pager", type: "alertmanager", url: alertmanager.url, lifetime: "10s" };
    const env = folder.toldTo(folder.webhook("books", one.url), pager);
    /** Exactly these matters have an open alert, each one. */
    const haveAlerts = (matters: readonly string[]): Promise<unknown> =>
      eventually(
        async () => {
          const alerts = await alertmanager.alerts();
          const names = alerts.map(({ labels }) => labels["matter"] ?? "");
          return names.toSorted().join() === matters.toSorted().join() && alerts;
        },
        { what: `alerts of ${matters.length} matters`, withinMs: OUTAGE_MS * 2 },
      );
    const first = escalationOn(world, env);
    await using second = escalationOn(world, env);
    await Promise.all([first.ready(START_MS), second.ready(START_MS)]);
    const { controls } = await hand.engage();
    const engaged = `kill-switch-${controls.killSwitch?.commandId}`;
    const classes = ["A", "B", "C", "D"] as const;
    const candidate = { kind: "candidate", candidateId: "cand-0001" };
    const incidents = await inOrder(classes, (kind) => hand.incident({ class: kind }, candidate));
    await first.sigkill();
    await alertmanager.kill9();
    const task = await hand.emergency(incidents[0] ?? "");
    await using third = escalationOn(world, env);
    await third.ready(START_MS);
    await alertmanager.restart();
    const all = [engaged, ...incidents, task].map((name) => `mesh.${name}`);
    for (const matter of all) await matterSettled(world.mesh, matter, "open");
    await haveAlerts(all);
    const alerts = await alertmanager.alerts();
    const found = alerts.map(({ labels }) =>
      [labels["alertname"], labels["class"], labels["severity"], labels["subject"]].join(" "),
    );
    expect(found.toSorted()).toEqual([
      "BatonControlsGitTaskOpen  warning cand-0001",
      "BatonControlsIncidentOpen A critical cand-0001",
      "BatonControlsIncidentOpen B critical cand-0001",
      "BatonControlsIncidentOpen C warning cand-0001",
      "BatonControlsIncidentOpen D warning cand-0001",
      "BatonControlsKillSwitchEngaged  critical mesh",
    ]);
    await inOrder(["ben", "eve"], hand.askRelease);
    await inOrder(incidents, hand.close);
    for (const name of [engaged, ...incidents])
      await matterSettled(world.mesh, `mesh.${name}`, "answered");
    await haveAlerts([`mesh.${task}`]);
    await hand.closeTask(task);
    await haveAlerts([]);
    // Its webhook may be told after Alertmanager was.
    await matterSettled(world.mesh, `mesh.${task}`, "answered");
    const bodies = bodiesByKey(one.received);
    expect([...bodies].filter(([, { size }]) => size !== 1)).toEqual([]);
    const kinds = all.map((matter) => [...new Set(kindsOn(one, matter))]);
    expect(kinds).toEqual(all.map(() => ["open", "resolved"]));
  },
);

/** One after the other: each changes the controls that the one before left. */
async function inOrder<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
