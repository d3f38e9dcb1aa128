/** Real metrics processes on a real server; what they count is written by the test as lanes and coordinator would. */
import { commandSubject, type Report, STREAMS } from "@baton/contracts";
import { DEFAULT_TOPOLOGY, type Mesh, openMesh } from "@baton/mesh";
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
import { entry, FAILED_ATTEMPT, FAILED_RESULT, report } from "./testing/records.ts";
import { scrape, valueIn } from "./testing/series.ts";

const ROOT = `${import.meta.dirname}/../../..`;
const DURATIONS = "torghut_orchestration_stage_duration_seconds_count";
/** Processes notice a lost server at once and a silent consumer after some seconds. */
const OUTAGE_MS = 30_000;

/** On a busy machine a server and three processes take their time. */
const START_MS = 60_000;
/** What a killed process had in hand goes to another one after so long. */
const ACK_WAIT_MS = 1000;

vi.setConfig({ testTimeout: START_MS });

let nats: TestNats;
let mesh: Mesh;
beforeAll(async () => {
  nats = await startTestNats();
  const topology = { ...DEFAULT_TOPOLOGY, ackWaitMs: ACK_WAIT_MS };
  mesh = await openMesh({ url: nats.url, name: "test", provision: true, topology });
}, START_MS);
afterAll(async () => {
  await mesh[Symbol.asyncDispose]();
  await nats.stop();
}, START_MS);

function spawn(file: string, env: Readonly<Record<string, string>> = {}): SpawnedService {
  const service = spawnService(file, {
    BATON_NATS_URL: nats.url,
    BATON_ACK_WAIT_MS: String(ACK_WAIT_MS),
    NODE_COMPILE_CACHE: `${ROOT}/.baton/cache/compile`,
    ...env,
  });
  onTestFinished(async () => void (await service.stop()));
  return service;
}

const metrics = (): SpawnedService =>
  spawn("apps/metrics/src/main.ts", { BATON_METRICS_REFRESH_MS: "100" });

async function store(reports: readonly Report[]): Promise<void> {
  await Promise.all(reports.map((one) => mesh.reports.store(one)));
}

/** Done results of a stage that only the calling test reports about. */
const results = (stage: string, from: number, to: number): Report[] =>
  Array.from({ length: to - from }, (_, index) =>
    report(`cand-${from + index + 100_000}`, { stage }),
  );

/** Every report was delivered and acknowledged. */
async function isDrained(): Promise<boolean> {
  const info = await mesh.jsm.consumers.info(STREAMS.reports.name, "metrics");
  return info.num_pending + info.num_ack_pending === 0;
}

const drained = (withinMs = OUTAGE_MS): Promise<boolean> =>
  eventually(isDrained, { what: "every report is counted", withinMs });

async function passed(stage: string, ...addresses: readonly string[]): Promise<number> {
  const labels = { stage, lane: "lane-b", result: "pass" };
  const texts = await Promise.all(addresses.map(scrape));
  return texts.reduce((sum, text) => sum + (valueIn(text, DURATIONS, labels) ?? 0), 0);
}

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
    await shows(address, 0, ["baton_journal_behind_entries", {}]);
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
  const folder = temporaryFolder("noop");
  onTestFinished(() => folder.remove());
  const coordinator = spawn("apps/coordinator/src/main.ts", {
    BATON_PLAYBOOK: `${ROOT}/playbooks/bench.yaml`,
    BATON_LOG_LEVEL: "warn",
  });
  spawn("test/bench/src/noop-lane.ts", {
    BATON_LANE: "lane-a",
    BATON_BENCH_LOG: `${folder.path}/log`,
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

test("reports become the contract's series", async () => {
  const stage = "series";
  await store([
    report("cand-0001", { stage }),
    report("cand-0002", { ...FAILED_ATTEMPT, stage }),
    report("cand-0002", { stage, attempt: 2 }),
    report("cand-0003", { ...FAILED_RESULT, stage }),
  ]);
  const address = await metrics().ready();
  await drained();
  const text = await scrape(address);
  const of = (name: string, labels: Record<string, string>) =>
    valueIn(text, `torghut_orchestration_${name}`, { ...labels });
  const lane = "lane-b";
  expect(of("stage_duration_seconds_sum", { stage, lane, result: "pass" })).toBe(85);
  expect(of("stage_duration_seconds_count", { stage, lane, result: "spec" })).toBe(1);
  expect(of("retry_total", { stage, failure_class: "transient" })).toBe(1);
  expect(of("failure_total", { stage, failure_class: "transient" })).toBe(1);
  expect(of("failure_total", { stage, failure_class: "spec" })).toBe(1);
  // Three stage runs began; the second attempt of one is no handoff.
  const handoff = { from_stage: "research-intake", to_stage: stage };
  expect(of("handoff_latency_seconds_count", handoff)).toBe(3);
  expect(of("handoff_latency_seconds_bucket", { ...handoff, le: "0.0005" })).toBe(3);
});

test("replicas share the reports: their sum is right, also when one is killed, and none is counted again", async () => {
  const stage = "shared";
  const [first, second] = [metrics(), metrics()];
  const addresses = await Promise.all([first.ready(), second.ready()]);
  await store(results(stage, 0, 3000));
  await drained();
  expect(await passed(stage, ...addresses)).toBe(3000);
  const counts = await Promise.all(addresses.map((address) => passed(stage, address)));
  // Which of them took how many is the server's choice: the one that has counted less is killed.
  const [survivor, victim] = (counts[0] ?? 0) >= (counts[1] ?? 0) ? [0, second] : [1, first];
  const kept = counts[survivor] ?? 0;
  await victim.sigkill();
  const third = await metrics().ready();
  await store(results(stage, 3000, 4000));
  await drained();
  expect(await passed(stage, addresses[survivor] ?? "", third)).toBe(kept + 1000);
});

test("a replica killed at work leaves to the others what it hadn't acknowledged", async () => {
  const stage = "killed";
  const [first, second] = [metrics(), metrics()];
  const [firstAddress, secondAddress] = await Promise.all([first.ready(), second.ready()]);
  const storing = store(results(stage, 0, 4000));
  const seen = await eventually(async () => (await passed(stage, firstAddress)) || null, {
    what: "the first has counted something",
    everyMs: 1,
    withinMs: OUTAGE_MS,
  });
  await first.sigkill();
  await storing;
  await drained(2 * OUTAGE_MS);
  const survivor = await passed(stage, secondAddress);
  expect(survivor).toBeGreaterThan(0);
  expect(survivor + seen).toBeLessThanOrEqual(4000);
});

test("reports that come again to the process that counted them are not counted again", async () => {
  const stage = "again";
  const address = await metrics().ready();
  await store(results(stage, 0, 500));
  await drained();
  await mesh.jsm.consumers.reset(STREAMS.reports.name, "metrics", 1);
  // Those of the tests before come again, too: to this process for the first time.
  const before = `{stage="series",lane="lane-b",result="pass"}`;
  await eventually(async () => (await scrape(address)).includes(`${DURATIONS}${before} 2`), {
    what: "the first ones are delivered again",
    withinMs: OUTAGE_MS,
  });
  await drained();
  expect(await passed(stage, address)).toBe(500);
  await store(results(stage, 500, 501));
  await drained();
  expect(await passed(stage, address)).toBe(501);
});

test("what isn't a report is set aside with its reason, shown, and holds nothing up", async () => {
  const stage = "malformed";
  const service = metrics();
  const address = await service.ready();
  await mesh.js.publish("baton.report.lane-b.cand-0009.malformed.run-0001.result", "{");
  await store(results(stage, 0, 1));
  const labels = { how: "set-aside", stream: "REPORTS", consumer: "metrics" };
  await shows(address, 1, ["baton_messages_given_up", labels]);
  await drained();
  expect(await passed(stage, address)).toBe(1);
  expect(service.output()).toContain("not JSON (1 bytes)");
});

test("a killed server is found again and the counting goes on", async () => {
  const stage = "outage";
  const address = await metrics().ready();
  await store(results(stage, 0, 200));
  await drained();
  await nats.kill9();
  await nats.restart();
  await store(results(stage, 200, 300));
  await drained(2 * OUTAGE_MS);
  expect(await passed(stage, address)).toBe(300);
  await eventually(async () => (await fetch(`${address}/readyz`)).status === 200, {
    what: "ready again",
    withinMs: OUTAGE_MS,
  });
});
