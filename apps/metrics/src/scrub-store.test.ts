/** What metrics finds by reading again all that is stored. */

import { type Mesh, openMesh, sha256Of } from "@baton/mesh";
import {
  eventually,
  spawnService,
  type SpawnedService,
  startTestNats,
  type TestNats,
} from "@baton/testkit";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";

import { entry } from "./testing/records.ts";
import { scrape, valueIn } from "./testing/series.ts";

const ROOT = `${import.meta.dirname}/../../..`;
/** Processes notice a lost server at once and a silent consumer after some seconds. */
const OUTAGE_MS = 30_000;
/** On a busy machine a server and three processes take their time. */
const START_MS = 60_000;
vi.setConfig({ testTimeout: START_MS });

let nats: TestNats;
let mesh: Mesh;
beforeAll(async () => {
  nats = await startTestNats();
  mesh = await openMesh({ url: nats.url, name: "test", provision: true });
}, START_MS);
afterAll(async () => {
  await mesh[Symbol.asyncDispose]();
  await nats.stop();
}, START_MS);

function spawn(file: string, env: Readonly<Record<string, string>> = {}): SpawnedService {
  const service = spawnService(file, {
    BATON_NATS_URL: nats.url,
    NODE_COMPILE_CACHE: `${ROOT}/.baton/cache/compile`,
    ...env,
  });
  onTestFinished(async () => void (await service.stop()));
  return service;
}

test("what the journal names and the store lost is found by itself, and so is that it's back", async () => {
  const service = spawn("apps/metrics/src/main.ts", { BATON_SCRUB_EVERY_MS: "100" });
  const address = await service.ready();
  const missing = async (): Promise<number | undefined> =>
    valueIn(await scrape(address), "baton_damaged", { what: "missing" });
  await eventually(async () => (await missing()) !== undefined, {
    what: "a round",
    withinMs: OUTAGE_MS,
  });
  const before = (await missing()) ?? 0;
  const bytes = Buffer.from("a report that a disk lost");
  const ref = { name: "x/y.json", sha256: sha256Of(bytes), bytes: bytes.length };
  const artifacts = [{ ...ref, stage: "candidate-build", runId: "run-0001" }];
  const playbook = await mesh.artifacts.put(Buffer.from("a playbook that is stored"));
  const closed = { holder: "closed", awaits: null, artifacts, playbook } as const;
  await mesh.journal.append(entry("cand-scrub-1", closed));
  const is = (count: number) => ({ what: `${count} missing`, withinMs: OUTAGE_MS });
  await eventually(async () => (await missing()) === before + 1, is(before + 1));
  expect(service.output()).toContain(ref.sha256);
  await mesh.artifacts.put(bytes);
  await eventually(async () => (await missing()) === before, is(before));
  expect(valueIn(await scrape(address), "baton_scrub_age_seconds")).toBeLessThan(60);
});

test("a report that nobody can read is counted under the lane whose key wrote it, and damages nothing", async () => {
  const service = spawn("apps/metrics/src/main.ts", { BATON_SCRUB_EVERY_MS: "100" });
  const address = await service.ready();
  const by = async (lane: string): Promise<number | undefined> =>
    valueIn(await scrape(address), "baton_reports_unreadable", { lane });
  const round = { what: "a round", withinMs: OUTAGE_MS };
  await eventually(async () => (await by("lane-e")) !== undefined, round);
  const before = { d: await by("lane-d"), e: (await by("lane-e")) ?? 0 };
  const spoilt = ["result", "attempt-1", "no.report.at.all"];
  for (const part of spoilt) {
    const subject = `baton.report.lane-e.cand-spoilt.spoilt.run-0001.${part}`;
    await mesh.publisher.publish({ subject, payload: "{}", headers: {} });
  }
  const all = before.e + spoilt.length;
  await eventually(async () => (await by("lane-e")) === all, { ...round, what: `${all} counted` });
  expect(await by("lane-d")).toBe(before.d);
  expect(valueIn(await scrape(address), "baton_damaged", { what: "unreadable" })).toBe(0);
  expect(service.output()).toContain("lane-e's key wrote a report that can't be read");
});
