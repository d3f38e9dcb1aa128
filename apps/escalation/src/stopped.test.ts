/** Candidates that a freeze of everything stops: their reviews are there, but nobody is told of each one. */
import { eventually, startTestMesh, type TestMesh } from "@baton/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { kindsOf } from "./testing/arrivals.ts";
import { escalationOn, kindsOn, openControlHand } from "./testing/matters.ts";
import { noticesOf } from "./testing/playground.ts";
import { openPolicyFolder, type PolicyFolder } from "./testing/policy-file.ts";
import { question } from "./testing/question.ts";
import { openReceiver, type Receiver } from "./testing/receiver.ts";
import { listReviews, OUTAGE_MS, settled, START_MS } from "./testing/reviews.ts";

vi.setConfig({ testTimeout: START_MS });

let world: TestMesh;
let folder: PolicyFolder;
let desk: Receiver;
beforeAll(async () => {
  [world, desk] = await Promise.all([startTestMesh(), openReceiver()]);
  folder = openPolicyFolder();
}, START_MS);
afterAll(async () => {
  await Promise.all([world.stop(), desk.close()]);
  folder.remove();
}, START_MS);

/** A candidate that is stopped from now on, with a deadline so far away. */
async function stop(
  candidateId: string,
  reason: "FROZEN" | "KILL_SWITCH" | "PROMOTION_BLOCKED",
  deadlineMs = 86_400_000,
): Promise<void> {
  const openedAt = new Date().toISOString();
  const deadline = new Date(Date.now() + deadlineMs).toISOString();
  const review = { openedAt, action: "Wait.", next: null, evidence: null };
  const { entry } = question(1, { candidateId, reason, deadline, review, time: openedAt });
  const appended = await world.mesh.journal.append({ ...entry, prev: 0, n: 1 });
  expect(appended.kind).toBe("stored");
}

const names = Array.from({ length: 30 }, (_, index) => `frozen-${index}`);
const REASONS = ["FROZEN", "KILL_SWITCH", "PROMOTION_BLOCKED"] as const;

test("a freeze of everything is told once, not once for every candidate that it stops", async () => {
  const hand = openControlHand(world);
  await using service = escalationOn(world, folder.toldTo(folder.webhook("desk", desk.url)));
  const address = await service.ready(START_MS);
  const id = await hand.incident({ class: "A" });
  await Promise.all(names.map((name, index) => stop(name, REASONS[index % 3] ?? "FROZEN")));
  await Promise.all(names.map((name) => settled(world.mesh, name, "open")));
  await stop("frozen-late", "FROZEN", 500);
  await eventually(() => kindsOf(desk, "frozen-late").length > 0, {
    what: "the overdue one is told",
    withinMs: OUTAGE_MS,
  });
  expect(kindsOf(desk, "frozen-late")).toEqual(["overdue"]);
  expect(kindsOn(desk, `mesh.${id}`)).toEqual(["open"]);
  expect(desk.received).toHaveLength(2);
  const lines = noticesOf(service).filter(({ candidateId }) => names.includes(candidateId));
  expect(lines.map(({ level, notice }) => `${level} ${notice}`)).toEqual(
    names.map(() => "info open"),
  );
  await eventually(async () => (await listReviews(address)).total === names.length + 1, {
    what: "all are listed",
    withinMs: OUTAGE_MS,
  });
});

test("a route that is for their reason tells of each, as of others", async () => {
  const hook = folder.webhook("named", desk.url);
  const routes = [{ for: ["FROZEN"], tell: ["named"] }, { tell: ["named"] }];
  const env = { BATON_ESCALATION: folder.write({ channels: [hook], routes }) };
  await using service = escalationOn(world, env);
  await service.ready(START_MS);
  await stop("named-1", "FROZEN");
  await stop("named-2", "KILL_SWITCH");
  for (const name of ["named-1", "named-2"]) await settled(world.mesh, name, "open");
  expect(kindsOf(desk, "named-1")).toEqual(["open"]);
  expect(kindsOf(desk, "named-2")).toEqual([]);
});
