/** Real escalation processes with a real Alertmanager, both killed, beside receivers that misbehave. */
import { eventually, type TestAlertmanager } from "@baton/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";

import { HAS_ALERTMANAGER, startAlertmanager } from "./testing/alertmanager.ts";
import { bodiesByKey, kindsOf } from "./testing/arrivals.ts";
import { openPlayground, type Playground } from "./testing/playground.ts";
import { openPolicyFolder, type PolicyFolder } from "./testing/policy-file.ts";
import { type Behaviour, OK, openReceiver, type Receiver } from "./testing/receiver.ts";
import { OUTAGE_MS, settled, START_MS } from "./testing/reviews.ts";

vi.setConfig({ testTimeout: START_MS * 2 });

let playground: Playground;
let folder: PolicyFolder;
beforeAll(async () => {
  playground = await openPlayground();
  folder = openPolicyFolder();
}, START_MS);
afterAll(async () => {
  await playground.close();
  folder.remove();
}, START_MS);

let one: Receiver;
let other: Receiver;
beforeEach(async () => {
  [one, other] = await Promise.all([openReceiver(), openReceiver()]);
});
afterEach(async () => {
  await Promise.all([one.close(), other.close()]);
});

const fail: Behaviour = { kind: "answer", status: 500 };
const hangUp: Behaviour = { kind: "hang up" };

/** Asks about the alerts of one Alertmanager. */
const openIn = async (alertmanager: TestAlertmanager): Promise<string[]> =>
  (await alertmanager.alerts()).map(({ labels }) => labels["candidate_id"] ?? "").toSorted();

/** Waits until exactly these candidates have an open alert, each one. */
const haveAlerts = (alertmanager: TestAlertmanager, names: readonly string[]): Promise<unknown> =>
  eventually(async () => (await openIn(alertmanager)).join() === names.join(), {
    what: `alerts of ${names.length} candidates are open`,
    withinMs: OUTAGE_MS,
  });

/** Every key came, each in one wording. */
function expectAllTold(receiver: Receiver, name: string, kinds: readonly string[]): void {
  expect(new Set(kindsOf(receiver, name)), `${name} at ${receiver.url}`).toEqual(new Set(kinds));
}

test.runIf(HAS_ALERTMANAGER)(
  "replicas come and go and receivers misbehave: one open alert per open review, one text per key",
  async () => {
    await using alertmanager = await startAlertmanager();
    const pager = { name: "pager", type: "alertmanager", url: alertmanager.url, lifetime: "10s" };
    const env = folder.toldTo(
      folder.webhook("books", one.url),
      folder.webhook("radio", other.url),
      pager,
    );
    one.next(OK, OK, fail, OK, hangUp, { kind: "hang" }, OK, fail, OK, OK, hangUp, OK, fail);
    other.next(OK, { kind: "hang" }, OK, OK, fail);
    const numbers = Array.from({ length: 24 }, (_, index) => String(index).padStart(2, "0"));
    const names = numbers.map((number) => `mixed-${number}`);
    const first = playground.escalation(env);
    await using second = playground.escalation(env);
    await Promise.all([first.ready(START_MS), second.ready(START_MS)]);
    const pausing = Promise.all(names.map((name) => playground.pause(name)));
    await eventually(() => one.received.length >= 5, {
      what: "at work",
      everyMs: 1,
      withinMs: OUTAGE_MS,
    });
    await first.sigkill();
    await alertmanager.kill9();
    await pausing;
    await using third = playground.escalation(env);
    await third.ready(START_MS);
    await alertmanager.restart();
    await Promise.all(names.map((name) => settled(playground.mesh, name, "open", 60_000)));
    await haveAlerts(alertmanager, names);
    const answered = names.slice(0, 12);
    const left = names.slice(12);
    await Promise.all(answered.map((name) => playground.command(name, "resume")));
    await Promise.all(answered.map((name) => settled(playground.mesh, name, "answered", 60_000)));
    await haveAlerts(alertmanager, left);
    const bodies = bodiesByKey([...one.received, ...other.received]);
    expect([...bodies].filter(([, { size }]) => size !== 1)).toEqual([]);
    for (const receiver of [one, other]) {
      for (const name of answered) expectAllTold(receiver, name, ["open", "resolved"]);
      for (const name of left) expectAllTold(receiver, name, ["open"]);
    }
  },
);

test.runIf(HAS_ALERTMANAGER)(
  "an alert stays the same one for longer than it lives by itself",
  async () => {
    await using alertmanager = await startAlertmanager();
    // A name of its own: reviews of other tests are open on the other one.
    const lasting = {
      name: "lasting",
      type: "alertmanager",
      url: alertmanager.url,
      lifetime: "3s",
    };
    await using service = playground.escalation(folder.toldTo(lasting));
    await service.ready(START_MS);
    await playground.pause("lasting-1");
    await settled(playground.mesh, "lasting-1", "open");
    const [alert] = await alertmanager.alerts();
    const endsAt = Date.parse(alert?.endsAt ?? "");
    // Looked at again and again: there is always exactly this one.
    const seen = new Set<string>();
    await eventually(
      async () => {
        const alerts = await alertmanager.alerts();
        seen.add(alerts.map(({ fingerprint }) => fingerprint).join(" "));
        return Date.now() > endsAt + 3000;
      },
      { what: "two lifetimes are over", withinMs: OUTAGE_MS },
    );
    expect([...seen]).toEqual([alert?.fingerprint]);
    await playground.command("lasting-1", "resume");
    await haveAlerts(alertmanager, []);
  },
);
