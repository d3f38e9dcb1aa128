/** What a coordinator refuses to start with, and services that are told to stop before they could start. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { commandSubject, REPLY_HEADER } from "@baton/contracts";
import { openMesh } from "@baton/mesh";
import {
  eventually,
  publishRaw,
  type SpawnedService,
  spawnService,
  startTestNats,
  temporaryFolder,
} from "@baton/testkit";
import { expect, test } from "vitest";

import { FAILURES_PLAYBOOK } from "./failures-world.ts";

const ROOT = join(import.meta.dirname, "../../../..");

test("a cap of deliveries that would cut off the playbook's last retries is refused, with both settings named", async () => {
  using folder = temporaryFolder("start");
  const file = join(folder.path, "playbook.json");
  writeFileSync(file, JSON.stringify(FAILURES_PLAYBOOK));
  const coordinator = spawnService("apps/coordinator/src/main.ts", {
    BATON_PLAYBOOK: file,
    BATON_MAX_DELIVER: "3",
    // Nothing has to be there: it's refused before anything is made to fit.
    BATON_NATS_URL: "nats://127.0.0.1:9",
  });
  expect((await coordinator.exited).code).toBe(3);
  expect(coordinator.output()).toContain(
    "BATON_MAX_DELIVER is 3, but the playbook's failurePolicies.transient.maxRetries is 3 (stage make)",
  );
}, 20_000);

function listening({ output }: SpawnedService): Promise<unknown> {
  return eventually(() => output().includes('"listening"'), {
    what: "it listens",
    withinMs: 20_000,
  });
}

const WAITING: readonly (readonly [entry: string, env: Record<string, string>])[] = [
  ["apps/coordinator/src/main.ts", { BATON_PLAYBOOK: join(ROOT, "playbooks/baton.yaml") }],
  ["apps/lane-a-research/src/main.ts", {}],
  ["apps/escalation/src/main.ts", {}],
  ["apps/metrics/src/main.ts", {}],
];

test.each(WAITING)(
  "%s that waits for nats-server stops when it is told to",
  async (entry, env) => {
    await using service = spawnService(entry, { ...env, BATON_NATS_URL: "nats://127.0.0.1:9" });
    await listening(service);
    // Not by running out of its grace: that would be 70.
    expect(await service.sigterm()).toEqual({ code: 0, signal: null });
  },
  40_000,
);

test("a lane that waits for the streams stops when it is told to", async () => {
  const nats = await startTestNats();
  await using lane = spawnService("apps/lane-a-research/src/main.ts", {
    BATON_NATS_URL: nats.url,
  });
  await listening(lane);
  expect(await lane.sigterm()).toEqual({ code: 0, signal: null });
  await nats.stop();
}, 40_000);

test("a coordinator starts over messages with headers that nobody can read, and answers commands that have such", async () => {
  const nats = await startTestNats();
  const mesh = await openMesh({ url: nats.url, name: "test", provision: true });
  const [candidateId, commandId, inbox] = ["cand-of-bad-headers", "submit-badly", "_INBOX.badly"];
  const block = (more: string): string => `NATS/1.0\r\nfoo: a\nb\r\nf o: c\r\n${more}\r\n`;
  const time = new Date().toISOString();
  const submit = { v: 1, type: "submit", id: commandId, candidateId, time, by: "somebody" };
  const addressed = { ...submit, mesh: mesh.name, spec: { of: candidateId } };
  await publishRaw(nats.url, [
    { subject: `baton.report.lane-c.${candidateId}.make.run-bad`, block: block(""), body: "{}" },
    { subject: `baton.command.${candidateId}.not-a-command`, block: block(""), body: "{}" },
    {
      subject: commandSubject({ candidateId, commandId }),
      block: block(`${REPLY_HEADER}: ${inbox}\r\n`),
      body: JSON.stringify(addressed),
    },
  ]);
  const receipts: unknown[] = [];
  mesh.nc.subscribe(inbox, { callback: (_, message) => void receipts.push(message.json()) });
  await mesh.nc.flush();
  await using coordinator = spawnService("apps/coordinator/src/main.ts", {
    BATON_PLAYBOOK: join(ROOT, "playbooks/baton.yaml"),
    BATON_NATS_URL: nats.url,
  });
  await coordinator.ready(30_000);
  const last = await eventually(() => mesh.journal.last(candidateId), { what: "it is decided" });
  expect(last.entry).toMatchObject({ candidateId, n: 1, cause: { kind: "command", commandId } });
  await eventually(() => receipts.length > 0, { what: "the receipt" });
  expect(receipts).toMatchObject([{ candidateId, outcome: { kind: "accepted" } }]);
  await coordinator.sigterm();
  await mesh[Symbol.asyncDispose]();
  await nats.stop();
}, 60_000);
