/** The four measurements of the whole mesh, as real processes. */
import { join } from "node:path";

import { openMesh } from "@baton/mesh";

import {
  type BenchMesh,
  cpuMs,
  type HandlerTime,
  residentMb,
  startBenchMesh,
} from "./bench-mesh.ts";
import { type Driver, openDriver } from "./drive.ts";
import { percentile } from "./percentile.ts";
import type { Limits, SequentialTimes } from "./raw-limits.ts";

/** Stages of the bench playbook: handoffs per candidate, the submission's included. */
const STAGES = 8;

/** Latencies in milliseconds, from a stage's handler returning to the next one's starting. */
interface Latency {
  readonly handoffs: number;
  readonly p50: number;
  readonly p99: number;
}

/** The limits that were measured in turn with the mesh; times in milliseconds. */
interface RawFigures {
  readonly clientP50: number;
  readonly clientP99: number;
  readonly sequentialP50: number;
  readonly sequentialP99: number;
  /** Median of the rounds. */
  readonly fencedPerSecond: number;
  /** Each round's. */
  readonly fencedRounds: readonly number[];
}

/** What one run measured. */
export interface MeshFigures {
  readonly raw: RawFigures;
  /** (a), median of the batches. */
  readonly handoffsPerSecond: number;
  /** Each batch's. */
  readonly batches: readonly number[];
  /** Microseconds of CPU time per handoff meanwhile, by process. */
  readonly cpuMicros: Record<string, number>;
  /** (b) */
  readonly idle: Latency;
  /** (c) */
  readonly paced: Latency & { readonly perSecond: number };
  /** (d) resident memory in MB per process: at the start, with everything in flight (highest seen), at the end. */
  readonly memory: Record<string, { start: number; highest: number; end: number }>;
  /** Resident memory in MB over many handoffs, looked at in twenty rounds: median of the first and of the second half. */
  readonly soak: {
    readonly handoffs: number;
    readonly memory: Record<string, { early: number; late: number }>;
  };
}

/** How much to do. */
export interface MeasureOptions {
  readonly dir: string;
  readonly limits: Limits;
  /** Messages of a round of the limit. */
  readonly fencedMessages: number;
  readonly syncAlways: boolean;
  /** Artifacts that each stage stores. */
  readonly artifacts: number;
  readonly candidates: number;
  readonly idleCandidates: number;
  readonly pacedSeconds: number;
  readonly soakHandoffs: number;
  readonly say: (line: string) => void;
}

/** Runs all four on one mesh, one after the other. */
export async function measureMesh(options: MeasureOptions): Promise<MeshFigures> {
  const { say } = options;
  say("starting once, so that compiled code is cached as in an image");
  await (await startBenchMesh(join(options.dir, "cold"), options))[Symbol.asyncDispose]();
  await using bench = await startBenchMesh(join(options.dir, "warm"), options);
  await using mesh = await openMesh({ url: bench.url, name: "bench-driver", seed: bench.seed });
  const driver = openDriver(mesh);
  const batch = (prefix: string, count: number) => runBatch(driver, prefix, count);
  say("warming up");
  for (const round of WARM_UP) await batch(`warm-up-${round}`, options.candidates);
  await bench.settled();
  const { idle, sequential } = await measureIdle(bench, driver, options);
  say(
    `one at a time: p50 ${idle.p50.toFixed(2)} ms, p99 ${idle.p99.toFixed(2)} ms over ${idle.handoffs} handoffs; js.publish ${percentile(sequential.client, 0.5).toFixed(3)} ms`,
  );
  const start = memoryOf(bench);
  const { batches, fencedRounds, high, cpuMicros } = await measureBatches(bench, batch, options);
  const handoffsPerSecond = percentile(batches, 0.5);
  say(`${options.candidates} at once: ${handoffsPerSecond} handoffs/s (${batches.join(", ")})`);
  say(`fenced pipelined publish in between: ${fencedRounds.join(", ")}/s`);
  await bench.settled();
  const paced = await measurePaced(bench, driver, options.pacedSeconds);
  say(
    `at ${paced.perSecond} handoffs/s: p50 ${paced.p50.toFixed(2)} ms, p99 ${paced.p99.toFixed(2)} ms`,
  );
  const soak = await measureSoak(bench, driver, options.soakHandoffs);
  say(`memory over ${soak.handoffs} handoffs measured`);
  const end = memoryOf(bench);
  await driver.stop();
  const memory = Object.fromEntries(
    Object.keys(end).map((name) => [
      name,
      { start: start[name] ?? 0, highest: high[name] ?? 0, end: end[name] ?? 0 },
    ]),
  );
  const raw = rawFigures(sequential, fencedRounds);
  return { raw, handoffsPerSecond, batches, cpuMicros, idle, paced, memory, soak };
}

/** Until compilers and heaps have come to rest; a mesh that runs for days has. */
const WARM_UP = ["a", "b", "c", "d", "e", "f"];
const BATCHES = 9;

/** (a), each batch after a round of the limit. */
async function measureBatches(
  bench: BenchMesh,
  batch: (prefix: string, count: number) => Promise<number>,
  { candidates, limits, fencedMessages }: MeasureOptions,
) {
  const highest = watchMemory(bench);
  const batches: number[] = [];
  const fencedRounds: number[] = [];
  const cpu: Record<string, number> = {};
  await limits.fencedPerSecond(fencedMessages);
  for (let round = 0; round < BATCHES; round += 1) {
    // Metrics goes on folding after a batch: the limit is to have the machine to itself.
    await bench.settled();
    fencedRounds.push(await limits.fencedPerSecond(fencedMessages));
    const before = cpuOf(bench);
    const seconds = await batch(`at-once-${round}`, candidates);
    for (const [name, ms] of Object.entries(cpuOf(bench)))
      cpu[name] = (cpu[name] ?? 0) + ms - (before[name] ?? 0);
    batches.push(Math.round((candidates * STAGES) / seconds));
  }
  const handoffs = candidates * STAGES * BATCHES;
  const cpuMicros = Object.fromEntries(
    Object.entries(cpu).map(([name, ms]) => [name, Math.round((ms * 10_000) / handoffs) / 10]),
  );
  return { batches, fencedRounds, high: highest(), cpuMicros };
}

function rawFigures({ client, own }: SequentialTimes, fencedRounds: readonly number[]): RawFigures {
  return {
    clientP50: percentile(client, 0.5),
    clientP99: percentile(client, 0.99),
    sequentialP50: percentile(own, 0.5),
    sequentialP99: percentile(own, 0.99),
    fencedPerSecond: percentile(fencedRounds, 0.5),
    fencedRounds,
  };
}

/** CPU time so far in milliseconds: services, server, and this process, which submits. */
function cpuOf(bench: BenchMesh): Record<string, number> {
  const services = Array.from(bench.processes, ([name, { pid }]) => [name, cpuMs(pid)] as const);
  return Object.fromEntries([
    ...services,
    ["nats-server", cpuMs(bench.serverPid)],
    ["driver", cpuMs(process.pid)],
  ]);
}

/** Seconds from the first submission to the last end. */
async function runBatch(driver: Driver, prefix: string, count: number): Promise<number> {
  const startMs = performance.timeOrigin + performance.now();
  const done = driver.closed(count);
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      driver.submit(`${prefix}-${String(index).padStart(6, "0")}`),
    ),
  );
  // The server's clock is this machine's.
  return ((await done) - startMs) / 1000;
}

/** (b), a part of it after each round of publishes one at a time. */
async function measureIdle(
  bench: BenchMesh,
  driver: Driver,
  { idleCandidates, limits }: MeasureOptions,
): Promise<{ idle: Latency; sequential: SequentialTimes }> {
  const client: number[] = [];
  const own: number[] = [];
  await limits.oneAtATime(SEQUENTIAL);
  for (let index = 0; index < idleCandidates; index += 1) {
    if (index % (idleCandidates / IDLE_ROUNDS) === 0) {
      const times = await limits.oneAtATime(SEQUENTIAL);
      client.push(...times.client);
      own.push(...times.own);
    }
    const done = driver.closed(1);
    await driver.submit(`idle-${String(index).padStart(6, "0")}`);
    await done;
  }
  return { idle: await latencyOf(bench, "idle-"), sequential: { client, own } };
}

const IDLE_ROUNDS = 10;
const SEQUENTIAL = 200;
const PACED_PER_SECOND = 200;

async function measurePaced(
  bench: BenchMesh,
  driver: Driver,
  seconds: number,
): Promise<Latency & { perSecond: number }> {
  const count = Math.round((seconds * PACED_PER_SECOND) / STAGES);
  const everyMs = (STAGES / PACED_PER_SECOND) * 1000;
  const done = driver.closed(count);
  const start = performance.now();
  for (let index = 0; index < count; index += 1) {
    const wait = start + index * everyMs - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    await driver.submit(`paced-${String(index).padStart(6, "0")}`);
  }
  await done;
  return { ...(await latencyOf(bench, "paced-")), perSecond: PACED_PER_SECOND };
}

const SOAK_ROUNDS = 20;

async function measureSoak(
  bench: BenchMesh,
  driver: Driver,
  handoffs: number,
): Promise<MeshFigures["soak"]> {
  const count = Math.ceil(handoffs / STAGES / SOAK_ROUNDS);
  const looks: Record<string, number>[] = [];
  for (let round = 0; round < SOAK_ROUNDS; round += 1) {
    await runBatch(driver, `soak-${round}`, count);
    looks.push(memoryOf(bench));
  }
  const medianOf = (name: string, half: readonly Record<string, number>[]): number =>
    percentile(
      half.map((look) => look[name] ?? Number.NaN),
      0.5,
    );
  const memory = Object.fromEntries(
    [...bench.processes.keys()].map((name) => {
      const [first, second] = [looks.slice(0, SOAK_ROUNDS / 2), looks.slice(SOAK_ROUNDS / 2)];
      return [name, { early: medianOf(name, first), late: medianOf(name, second) }];
    }),
  );
  return { handoffs: count * SOAK_ROUNDS * STAGES, memory };
}

function memoryOf(bench: BenchMesh): Record<string, number> {
  return Object.fromEntries(
    Array.from(bench.processes, ([name, { pid }]) => [name, residentMb(pid)]),
  );
}

/** Looks every 100 ms; the returned function stops it and gives the highest seen. */
function watchMemory(bench: BenchMesh): () => Record<string, number> {
  const highest: Record<string, number> = {};
  const look = (): void => {
    for (const [name, mb] of Object.entries(memoryOf(bench)))
      highest[name] = Math.max(highest[name] ?? 0, mb);
  };
  const timer = setInterval(look, 100);
  return () => {
    clearInterval(timer);
    look();
    return highest;
  };
}

/** Handlers write their times every 200 ms: reads until every candidate of the prefix has all its stages. */
async function latencyOf(bench: BenchMesh, prefix: string): Promise<Latency> {
  for (let tries = 0; tries < 50; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const times = Array.from(bench.handlerTimes()).filter(([candidateId]) =>
      candidateId.startsWith(prefix),
    );
    if (!times.every(([, stages]) => stages.size === STAGES)) continue;
    const gaps = times.flatMap(([, stages]) => gapsOf(stages));
    return { handoffs: gaps.length, p50: percentile(gaps, 0.5), p99: percentile(gaps, 0.99) };
  }
  throw new Error(`handler times of ${prefix} didn't become complete`);
}

function gapsOf(stages: ReadonlyMap<string, HandlerTime>): number[] {
  return Array.from({ length: STAGES - 1 }, (_, index) => {
    const from = stages.get(`bench-${index + 1}`)?.returned ?? 0n;
    const to = stages.get(`bench-${index + 2}`)?.started ?? 0n;
    return Number(to - from) / 1e6;
  });
}
