/** What the engine says, told to people: from answers of real connections, told by a real escalation over a real webhook. */
import type { ServiceHealth, ServiceMatter } from "@baton/contracts";
import { openMesh } from "@baton/mesh";
import { eventually, startTestMesh, type TestMesh } from "@baton/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { escalationOn } from "../testing/matters.ts";
import { openPolicyFolder, type PolicyFolder } from "../testing/policy-file.ts";
import { openReceiver, type Receiver } from "../testing/receiver.ts";
import { OUTAGE_MS, START_MS } from "../testing/reviews.ts";

vi.setConfig({ testTimeout: START_MS * 2 });

let world: TestMesh;
let folder: PolicyFolder;
beforeAll(async () => {
  world = await startTestMesh();
  folder = openPolicyFolder();
}, START_MS);
afterAll(async () => {
  await world.stop();
  folder.remove();
}, START_MS);

const SINCE = "2026-01-05T11:00:00.000Z";
const mismatch: ServiceMatter = {
  code: "E_POSITION_MISMATCH",
  subject: "cand-0001",
  since: SINCE,
  text: "E_POSITION_MISMATCH: SPX isn't what this version's orders made it",
};

/** Something that answers as the engine does, until it is closed. */
async function engineWith(first: readonly ServiceMatter[], starting = false) {
  let matters = first;
  const health = (): ServiceHealth => ({
    v: 1,
    service: "paper-engine",
    instance: "one",
    host: "here",
    pid: 1,
    startedAt: SINCE,
    ready: !starting,
    checks: starting ? [{ name: "service", ok: false, reason: "starting" }] : [],
    matters: [...matters],
  });
  const mesh = await openMesh({ url: world.nats.url, name: "engine", health });
  return {
    say: (next: readonly ServiceMatter[]) => (matters = next),
    [Symbol.asyncDispose]: () => mesh[Symbol.asyncDispose](),
  };
}

const told = ({ received }: Receiver) =>
  received.map(({ body }) => JSON.parse(body)).filter(({ reason }) => reason === "ENGINE_TROUBLE");

const untilTold = (receiver: Receiver, count: number) =>
  eventually(() => told(receiver).length >= count, {
    what: `${count} notices`,
    withinMs: OUTAGE_MS,
  });

test("a mismatch is told once, stays open while the engine is away, starting or started again, and is resolved once it's gone", async () => {
  const receiver = await openReceiver();
  await using service = escalationOn(world, folder.toldTo(folder.webhook("desk", receiver.url)));
  await service.ready(START_MS);
  {
    await using first = await engineWith([]);
    first.say([mismatch]);
    await untilTold(receiver, 1);
  }
  {
    await using starting = await engineWith([mismatch], true);
    starting.say([]);
    await using other = await engineWith([
      { ...mismatch, since: "2026-01-06T11:00:00.000Z" },
      { ...mismatch, subject: "cand-0002" },
    ]);
    // The other one is told: so the starting one was asked too.
    await untilTold(receiver, 2);
    other.say([{ ...mismatch, since: "2026-01-06T11:00:00.000Z" }]);
    await untilTold(receiver, 3);
    other.say([]);
    await untilTold(receiver, 4);
    // A new one of the same is told anew.
    other.say([{ ...mismatch, since: "2026-01-07T11:00:00.000Z" }]);
    await untilTold(receiver, 5);
  }
  const notices = told(receiver);
  expect(notices.map(({ kind, subject }) => `${kind} ${subject}`)).toEqual([
    "open cand-0001",
    "open cand-0002",
    "resolved cand-0002",
    "resolved cand-0001",
    "open cand-0001",
  ]);
  expect(notices[0]).toMatchObject({
    severity: "critical",
    detail: mismatch.text,
    facts: { code: "E_POSITION_MISMATCH", candidateId: "cand-0001" },
    openedAt: SINCE,
  });
  expect(notices[3].matter).toBe(notices[0].matter);
  expect(notices[4].matter).not.toBe(notices[0].matter);
  await receiver.close();
});
