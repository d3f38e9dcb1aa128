/** Real metrics processes on a real server; what they count is written by the test as lanes and coordinator would. */
import { existsSync, readFileSync } from "node:fs";

import { commandSubject, STREAMS } from "@baton/contracts";
import { type Mesh, openMesh } from "@baton/mesh";
import {
  eventually,
  spawnService,
  type SpawnedService,
  startTestNats,
  temporaryFolder,
  type TestNats,
} from "@baton/testkit";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";

import { glanceAtReport } from "./report-facts.ts";
import { Journey } from "./testing/journey.ts";
import { entry, FAILED_ATTEMPT, FAILED_RESULT } from "./testing/records.ts";
import { scrape, valueIn } from "./testing/series.ts";

const ROOT = `${import.meta.dirname}/../../..`;
const DURATIONS = "torghut_orchestration_stage_duration_seconds_count";
/** Processes notice a lost server at once and a silent consumer after some seconds. */
const OUTAGE_MS = 30_000;
/** Candidates on their way at a time. */
const LOT = 500;

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

function temporary(name: string): string {
  const folder = temporaryFolder(name);
  onTestFinished(() => folder.remove());
  return folder.path;
}

const metrics = (): SpawnedService =>
  spawn("apps/metrics/src/main.ts", { BATON_METRICS_REFRESH_MS: "100" });

/** A stage that only the calling test knows, done by so many candidates, of whom the journal took every result. */
async function work(stage: string, from: number, to: number): Promise<void> {
  const one = async (index: number): Promise<void> => {
    const journey = new Journey(mesh, `cand-${stage}-${index + 100_000}`);
    await journey.dispatch(stage, "lane-b");
    await journey.close(await journey.report({ stage }));
  };
  for (let index = from; index < to; index += LOT) {
    const lot = Array.from({ length: Math.min(LOT, to - index) }, (_, more) => one(index + more));
    await Promise.all(lot);
  }
}

const passed = (stage: string): [string, Record<string, string>] => [
  DURATIONS,
  { stage, lane: "lane-b", result: "pass" },
];

async function shows(
  address: string,
  value: number,
  [name, labels]: [name: string, labels: Record<string, string>],
): Promise<void> {
  await eventually(async () => valueIn(await scrape(address), name, labels) === value, {
    what: `${name} ${JSON.stringify(labels)} is ${value}`,
    withinMs: OUTAGE_MS,
  });
}

test("every replica shows where the open candidates stand, also one that starts later", async () => {
  const first = await metrics().ready();
  const last = new Map<string, number>();
  const append = async (candidateId: string, changes: Parameters<typeof entry>[1] = {}) => {
    const prev = last.get(candidateId) ?? 0;
    const appended = await mesh.journal.append(entry(candidateId, { ...changes, prev }));
    if (appended.kind === "stored") last.set(candidateId, appended.sequence);
  };
  const built = { stage: "candidate-build", holder: "lane-b", reason: "STAGE_PASSED" } as const;
  for (const candidateId of ["cand-0001", "cand-0002", "cand-0003"]) await append(candidateId);
  await append("cand-0001", built);
  await append("cand-0002", { holder: "review", reason: "PAUSED" });
  await append("cand-0003", { holder: "closed", reason: "CANCELLED" });
  await mesh.js.publish("baton.journal.lane-b.cand-0004.candidate-build.run-0001", "{");
  const second = await metrics().ready();
  const depth = "torghut_orchestration_queue_depth";
  const queue = { stage: "candidate-build", lane: "lane-b" };
  for (const address of [first, second]) {
    await shows(address, 1, ["baton_candidates", { holder: "lane-b", reason: "STAGE_PASSED" }]);
    await shows(address, 1, ["baton_candidates", { holder: "review", reason: "PAUSED" }]);
    await shows(address, 0, ["baton_metrics_behind_messages", { stream: "JOURNAL" }]);
    await shows(address, 1, [depth, queue]);
    const intake = { stage: "research-intake", lane: "lane-a" };
    expect(valueIn(await scrape(address), depth, intake) ?? 0).toBe(0);
    // Nobody works: the dispatch waits, and the foreign message with it.
    await shows(address, 2, ["baton_lane_dispatches", { lane: "lane-b", state: "waiting" }]);
  }
  await append("cand-0001", { ...built, holder: "closed", reason: "COMPLETED" });
  await shows(first, 0, [depth, queue]);
});

test("what a real lane reports is read at a glance, and the queue behind it is shown", async () => {
  const coordinator = spawn("apps/coordinator/src/main.ts", {
    BATON_PLAYBOOK: `${ROOT}/playbooks/bench.yaml`,
    BATON_LOG_LEVEL: "warn",
  });
  spawn("test/bench/src/noop-lane.ts", {
    BATON_LANE: "lane-a",
    BATON_BENCH_LOG: `${temporary("noop")}/log`,
    BATON_BENCH_ARTIFACTS: "0",
  });
  const address = await metrics().ready();
  await coordinator.ready();
  const candidates = ["real-1", "real-2", "real-3"];
  for (const candidateId of candidates) {
    const time = new Date().toISOString();
    const id = `cmd-${candidateId}`;
    const command = { v: 1, id, candidateId, time, by: "tester", type: "submit", spec: {} };
    await mesh.js.publish(commandSubject({ candidateId, commandId: id }), JSON.stringify(command));
  }
  const queue = { stage: "bench-2", lane: "lane-b" };
  await shows(address, 3, ["torghut_orchestration_queue_depth", queue]);
  const worked = { stage: "bench-1", lane: "lane-a", result: "pass" };
  await shows(address, 3, [DURATIONS, worked]);
  for (const candidateId of candidates) {
    const subject = `baton.report.lane-a.${candidateId}.bench-1.*.result`;
    const message = await mesh.jsm.streams.getMessage(STREAMS.reports.name, {
      last_by_subj: subject,
    });
    expect(message && glanceAtReport(message.data)).toMatchObject({ stage: "bench-1" });
  }
});

test("the reports that the journal took become the contract's series, and no others", async () => {
  const stage = "series";
  const first = "research-intake";
  const started = async (candidateId: string): Promise<Journey> => {
    const journey = new Journey(mesh, candidateId);
    await journey.dispatch(first, "lane-a");
    const intake = await journey.report({ stage: first, lane: "lane-a", handoff: null });
    await journey.dispatch(stage, "lane-b", intake);
    return journey;
  };
  const passing = await started("cand-series-1");
  await passing.close(await passing.report({ stage }));
  const retried = await started("cand-series-2");
  await retried.retry(await retried.report({ ...FAILED_ATTEMPT, stage }));
  await retried.close(await retried.report({ stage, attempt: 2 }));
  const failing = await started("cand-series-3");
  // Whatever a lane says was before: what was is the journal's.
  const handoff = { from: "made-up", ms: 1e15 };
  const endless = { startedAt: "1970-01-01T00:00:00.000Z", handoff };
  await failing.close(await failing.report({ ...FAILED_RESULT, ...endless, stage }));
  // As somebody with a lane's key may store them: about others' stages and stages that there aren't.
  const stray = await started("cand-series-4");
  await stray.report({ stage, lane: "lane-a" });
  for (let index = 0; index < 300; index += 1)
    await stray.report({ ...FAILED_ATTEMPT, stage: `made-up-${index}`, lane: "lane-f", handoff });
  await stray.close(await stray.report({ stage }));
  const text = await scrape(await metrics().ready());
  const of = (name: string, labels: Record<string, string>) =>
    valueIn(text, `torghut_orchestration_${name}`, { ...labels });
  const lane = "lane-b";
  expect(of("stage_duration_seconds_count", { stage, lane, result: "pass" })).toBe(3);
  expect(of("stage_duration_seconds_count", { stage, lane: "lane-a", result: "pass" })).toBe(
    undefined,
  );
  expect(of("stage_duration_seconds_count", { stage, lane, result: "spec" })).toBe(1);
  // It took no longer than from dispatch to result, whatever the lane says.
  expect(of("stage_duration_seconds_sum", { stage, lane, result: "spec" })).toBeLessThan(60);
  expect(of("retry_total", { stage, failure_class: "transient" })).toBe(1);
  expect(of("failure_total", { stage, failure_class: "transient" })).toBe(1);
  expect(of("failure_total", { stage, failure_class: "spec" })).toBe(1);
  // Four stage runs began; the second attempt of one is no handoff.
  const edge = { from_stage: first, to_stage: stage };
  expect(of("handoff_latency_seconds_count", edge)).toBe(4);
  expect(of("handoff_latency_seconds_bucket", { ...edge, le: "60" })).toBe(4);
  expect(text).not.toContain("made-up");
});

test("every replica counts every report, and one that starts again goes on where it was", async () => {
  const stage = "replicas";
  const [first, second] = [metrics(), metrics()];
  const addresses = await Promise.all([first.ready(), second.ready()]);
  await work(stage, 0, 1000);
  for (const address of addresses) await shows(address, 1000, passed(stage));
  await second.sigkill();
  await work(stage, 1000, 1200);
  const third = await metrics().ready();
  expect(valueIn(await scrape(third), ...passed(stage))).toBe(1200);
  await shows(addresses[0], 1200, passed(stage));
});

test("nothing is shown that is half read", async () => {
  const stage = "half-read";
  await work(stage, 0, 6000);
  const file = `${temporary("metrics")}/address`;
  const service = spawn("apps/metrics/src/main.ts", { BATON_ADDRESS_FILE: file });
  const starting = service.ready();
  const listens = (): string | null =>
    existsSync(file) ? readFileSync(file, "utf8").trim() : null;
  const address = await eventually(listens, { what: "it listens", everyMs: 1, withinMs: START_MS });
  const shown = new Set<number | undefined>();
  const isComplete = async (): Promise<boolean> => {
    const response = await fetch(`${address}/metrics`);
    const text = await response.text();
    if (response.ok) shown.add(valueIn(text, ...passed(stage)));
    return shown.has(6000);
  };
  await eventually(isComplete, { what: "all are shown", everyMs: 1, withinMs: START_MS });
  shown.delete(undefined);
  expect([...shown]).toEqual([6000]);
  await starting;
});

test("an entry whose report isn't the one it took is named in the log and holds nothing up", async () => {
  const stage = "malformed";
  const service = metrics();
  const address = await service.ready();
  const { sequence } = await mesh.publisher.publish({
    subject: "baton.report.lane-b.cand-0009.malformed.run-0001.result",
    payload: "{",
    headers: {},
  });
  const journey = new Journey(mesh, "cand-malformed");
  await journey.dispatch(stage, "lane-b");
  await journey.close({ ...(await journey.report({ stage })), sequence });
  await work(stage, 0, 1);
  await shows(address, 1, passed(stage));
  expect(service.output()).toContain("not JSON (1 bytes)");
});

test("a stream that is made anew ends the process, so that the next one begins with it", async () => {
  const stage = "anew";
  const first = metrics();
  const address = await first.ready();
  await work(stage, 0, 20);
  await shows(address, 20, passed(stage));
  const { config } = await mesh.jsm.streams.info(STREAMS.reports.name);
  await mesh.jsm.streams.delete(STREAMS.reports.name);
  await mesh.jsm.streams.add(config);
  await work(stage, 20, 25);
  expect(await first.exited).toMatchObject({ code: 8 });
  expect(first.output()).toContain("REPORTS was made anew");
  const second = await metrics().ready();
  expect(valueIn(await scrape(second), ...passed(stage))).toBe(5);
});

test("a killed server is found again and the counting goes on", async () => {
  const stage = "outage";
  const address = await metrics().ready();
  await work(stage, 0, 200);
  await shows(address, 200, passed(stage));
  await nats.kill9();
  await nats.restart();
  await work(stage, 200, 300);
  await shows(address, 300, passed(stage));
  const isReady = async (): Promise<boolean> => (await fetch(`${address}/readyz`)).status === 200;
  expect(await eventually(isReady, { what: "ready again", withinMs: OUTAGE_MS })).toBe(true);
});
