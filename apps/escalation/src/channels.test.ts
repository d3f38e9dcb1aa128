/** Real escalation processes with several channels: receivers that misbehave, replicas that are killed. */
import { spawn } from "node:child_process";
import { join } from "node:path";

import { AS_READER, eventually } from "@baton/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";

import { bodiesByKey, kindsOf, noticesAbout } from "./testing/arrivals.ts";
import { openPlayground, type Playground } from "./testing/playground.ts";
import { newSecret, openPolicyFolder, type PolicyFolder } from "./testing/policy-file.ts";
import { type Behaviour, openReceiver, type Receiver } from "./testing/receiver.ts";
import { OUTAGE_MS, recordOf, settled, START_MS } from "./testing/reviews.ts";

const EXAMPLE = join(import.meta.dirname, "../../../examples/notifications/receive-webhook.ts");

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

const refuse: Behaviour = { kind: "answer", status: 401, body: "who are you?" };
const fail: Behaviour = { kind: "answer", status: 500 };

test("a receiver that fails, hangs up and answers late is told in the end; the other one once and at once", async () => {
  const late: Behaviour = { kind: "late", afterMs: 3000 };
  one.next(fail, { kind: "hang up" }, late);
  await using service = playground.escalation(
    folder.toldTo(folder.webhook("flaky", one.url), folder.webhook("good", other.url)),
  );
  await service.ready(START_MS);
  await playground.pause("flaky-1");
  await eventually(() => one.received.length > 0, { what: "tried once", withinMs: OUTAGE_MS });
  await eventually(() => kindsOf(other, "flaky-1").length === 1, {
    what: "the other one is told",
    withinMs: OUTAGE_MS,
  });
  await settled(playground.mesh, "flaky-1", "open");
  expect(kindsOf(other, "flaky-1")).toEqual(["open"]);
  // Three that failed (the late one was taken by the receiver, so it can tell by the key that the fourth is the same) and one more.
  expect(kindsOf(one, "flaky-1")).toEqual(["open", "open", "open", "open"]);
  expect(new Set(one.received.map(({ body }) => body)).size).toBe(1);
  expect(new Set(one.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  await playground.command("flaky-1", "resume");
  await settled(playground.mesh, "flaky-1", "answered");
  for (const receiver of [one, other])
    expect(noticesAbout(receiver, "flaky-1").at(-1)).toMatchObject({
      kind: "resolved",
      answer: { by: "tester", what: "resume" },
    });
});

test("a channel that refuses is named wherever somebody looks, and told when it was mended", async () => {
  one.next(refuse);
  await using service = playground.escalation(
    folder.toldTo(folder.webhook("locked", one.url), folder.webhook("fine", other.url)),
  );
  const address = await service.ready(START_MS);
  const seen = async (path: string): Promise<unknown> =>
    (await fetch(address + path, AS_READER)).json();
  await playground.pause("refused-1");
  const why = expect.stringContaining("answered 401: who are you?");
  const listed = z.object({
    reviews: z.array(
      z.looseObject({ candidateId: z.string(), waiting: z.array(z.unknown()), told: z.unknown() }),
    ),
  });
  const review = await eventually(
    async () =>
      listed
        .parse(await seen("/reviews"))
        .reviews.find(
          ({ candidateId, waiting }) => candidateId === "refused-1" && waiting.length === 1,
        ),
    { what: "listed with what it waits for", withinMs: OUTAGE_MS },
  );
  expect(review.waiting).toEqual([
    { channel: "locked", level: "open", failed: 1, nextAt: expect.any(String), why },
  ]);
  expect(review.told).toMatchObject({
    locked: null,
    fine: { level: "open" },
    log: { level: "open" },
  });
  expect(await seen("/channels")).toMatchObject({
    channels: expect.arrayContaining([
      expect.objectContaining({ name: "locked", type: "webhook", ok: false, why }),
      expect.objectContaining({ name: "fine", ok: true }),
    ]),
  });
  expect(await seen("/readyz")).toMatchObject({
    ready: true,
    checks: expect.arrayContaining([{ name: "channels", ok: true, reason: why }]),
  });
  const metrics = await (await fetch(`${address}/metrics`)).text();
  expect(metrics).toContain(
    'baton_notices_total{channel="locked",kind="open",outcome="refused"} 1',
  );
  expect(metrics).toMatch(/baton_notice_channel_failing_seconds\{channel="locked"\} (?!0$)/m);
  expect(metrics).toContain('baton_notices_waiting{channel="locked"} 1');
  expect(service.output()).toContain("a person must mend this");
  // Mended: the next notice gets through and clears it.
  await playground.pause("refused-2");
  await settled(playground.mesh, "refused-2", "open");
  expect(await seen("/channels")).not.toMatchObject({
    channels: expect.arrayContaining([expect.objectContaining({ ok: false })]),
  });
});

test("a replica killed between telling and writing leaves a notice that comes again, word for word", async () => {
  const env = folder.toldTo(folder.webhook("desk", one.url), folder.webhook("second", other.url));
  const first = playground.escalation(env);
  await first.ready(START_MS);
  // Told, and stopped before it can hear so.
  one.next({ kind: "first", act: () => process.kill(first.pid, "SIGSTOP") });
  await playground.pause("between-1");
  await eventually(() => one.received.length === 1, { what: "told once", withinMs: OUTAGE_MS });
  expect((await recordOf(playground.mesh, "between-1"))?.channels["desk"]).toBeNull();
  await first.sigkill();
  await using second = playground.escalation(env);
  await second.ready(START_MS);
  await settled(playground.mesh, "between-1", "open");
  expect(kindsOf(one, "between-1").length).toBeGreaterThan(1);
  const bodies = bodiesByKey([...one.received, ...other.received]);
  expect([...bodies.values()].map(({ size }) => size)).toEqual([1]);
});

test("what was told over one channel isn't told again when its replica dies over another", async () => {
  const env = folder.toldTo(folder.webhook("slow", one.url), folder.webhook("quick", other.url));
  const first = playground.escalation(env);
  await first.ready(START_MS);
  one.next({ kind: "hang" });
  await playground.pause("halfway-1");
  await eventually(
    async () => (await recordOf(playground.mesh, "halfway-1"))?.channels["quick"] != null,
    { what: "the quick one's end is written", withinMs: OUTAGE_MS },
  );
  await first.sigkill();
  await using second = playground.escalation(env);
  await settled(playground.mesh, "halfway-1", "open");
  expect(kindsOf(one, "halfway-1")).toEqual(["open", "open"]);
  expect(kindsOf(other, "halfway-1")).toEqual(["open"]);
  expect(second.output()).not.toContain('"channel":"quick"');
});

test("the example of a receiver takes what is signed, once, and nothing else", async () => {
  const secretFile = folder.secret("example", newSecret());
  const child = spawn(process.execPath, [EXAMPLE, folder.pathOf(secretFile)]);
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const url = await eventually(() => /http:\S+/.exec(output)?.[0], {
    what: "it listens",
    withinMs: OUTAGE_MS,
  });
  const channel = { ...folder.webhook("other", url), secretFile };
  await using service = playground.escalation(folder.toldTo(channel));
  await service.ready(START_MS);
  await playground.pause("example-1");
  await settled(playground.mesh, "example-1", "open");
  expect(output.match(/open: example-1 at/g)).toHaveLength(1);
  expect((await fetch(url, { method: "POST", body: "{}" })).status).toBe(401);
  child.kill();
});

test("a policy with faults is refused with all of them, and nothing runs", async () => {
  const open = folder.secret("open", newSecret(), 0o644);
  const channels = [
    { name: "desk", type: "webhook", url: "http://desk.example/", secretFile: open },
    { name: "team", type: "slack", urlFile: "missing" },
  ];
  const routes = [{ for: ["approval"], tell: ["desk", "nobody"] }];
  const service = playground.escalation({ BATON_ESCALATION: folder.write({ channels, routes }) });
  expect(await service.exited).toMatchObject({ code: 3 });
  const output = service.output();
  for (const fault of [
    "E_ESCALATION",
    "channels.0.url: plain http",
    "channels.0.secretFile: must have mode 0600 or 0400, but has 0644",
    "channels.1.urlFile: must name a file that is there",
    'routes.0.tell: there\'s no channel "nobody"',
    "routes.0.for: the last route must be for everything",
    'channels.1: no route tells "team"',
  ])
    expect(output).toContain(fault);
});
