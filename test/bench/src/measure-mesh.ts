/** The four measurements of the whole mesh, as real processes. */
import { join } from "node:path";

import { openMesh } from "@baton/mesh";

import { type BenchMesh, residentMb, startBenchMesh } from "./bench-mesh.ts";
import { type Driver, openDriver } from "./drive.ts";
import { percentile } from "./percentile.ts";

/** Stages of the bench playbook: handoffs per candidate, the submission's included. */
const STAGES = 8;

/** Latencies in milliseconds, from a stage's handler returning to the next one's starting. */
interface Latency {
  readonly handoffs: number;
  readonly p50: number;
  readonly p99: number;
}

/** What one run measured. */
export interface MeshFigures {
  /** (a) */
  readonly handoffsPerSecond: number;
  /** (b) */
  readonly idle: Latency;
  /** (c) */
  readonly paced: Latency & { readonly perSecond: number };
  /** (d) resident memory in MB per process: at the start, with everything in flight (highest seen), at the end. */
  readonly memory: Record<string, { start: number; highest: number; end: number }>;
  /** Resident memory over many handoffs: after the first and the last tenth. */
  readonly soak: {
    readonly handoffs: number;
    readonly memory: Record<string, { early: number; late: number }>;
  };
}

/** How much to do. */
export interface MeasureOptions {
  readonly dir: string;
  readonly syncAlways: boolean;
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
  await (
    await startBenchMesh(join(options.dir, "cold"), options.syncAlways)
  )[Symbol.asyncDispose]();
  await using bench = await startBenchMesh(join(options.dir, "warm"), options.syncAlways);
  await using mesh = await openMesh({ url: bench.url, name: "bench-driver", seed: bench.seed });
  const driver = openDriver(mesh);
  const batch = (prefix: string, count: number) => runBatch(driver, prefix, count);
  say("warming up");
  await batch("warm-up", 2000);
  const idle = await measureIdle(bench, driver, options.idleCandidates);
  say(
    `one at a time: p50 ${idle.p50.toFixed(2)} ms, p99 ${idle.p99.toFixed(2)} ms over ${idle.handoffs} handoffs`,
  );
  const start = memoryOf(bench);
  const highest = watchMemory(bench);
  const seconds = await batch("at-once", options.candidates);
  const high = highest();
  const handoffsPerSecond = Math.round((options.candidates * STAGES) / seconds);
  say(`${options.candidates} at once: ${handoffsPerSecond} handoffs/s`);
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
  return { handoffsPerSecond, idle, paced, memory, soak };
}

async function runBatch(driver: Driver, prefix: string, count: number): Promise<number> {
  const start = performance.now();
  const done = driver.closed(count);
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      driver.submit(`${prefix}-${String(index).padStart(6, "0")}`),
    ),
  );
  await done;
  return (performance.now() - start) / 1000;
}

async function measureIdle(bench: BenchMesh, driver: Driver, count: number): Promise<Latency> {
  for (let index = 0; index < count; index += 1) {
    const done = driver.closed(1);
    await driver.submit(`idle-${String(index).padStart(6, "0")}`);
    await done;
  }
  return latencyOf(bench, "idle-");
}

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

async function measureSoak(
  bench: BenchMesh,
  driver: Driver,
  handoffs: number,
): Promise<MeshFigures["soak"]> {
  const rounds = 10;
  const count = Math.ceil(handoffs / STAGES / rounds);
  let early: Record<string, number> = {};
  for (let round = 0; round < rounds; round += 1) {
    await runBatch(driver, `soak-${round}`, count);
    if (round === 0) early = memoryOf(bench);
  }
  const late = memoryOf(bench);
  const memory = Object.fromEntries(
    Object.keys(late).map((name) => [name, { early: early[name] ?? 0, late: late[name] ?? 0 }]),
  );
  return { handoffs: count * rounds * STAGES, memory };
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

function gapsOf(stages: ReadonlyMap<string, bigint>): number[] {
  return Array.from({ length: STAGES - 1 }, (_, index) => {
    const from = stages.get(`bench-${index + 1}`) ?? 0n;
    const to = stages.get(`bench-${index + 2}`) ?? 0n;
    return Number(to - from) / 1e6;
  });
}
