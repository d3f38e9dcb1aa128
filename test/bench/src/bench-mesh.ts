/** A whole mesh of real processes for one measurement: server, coordinator, six no-op lanes, escalation and metrics. */
import { mkdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { type Lane, LANES } from "@baton/contracts";
import type { Kind } from "@baton/mesh";
import { ensureMeshKeys, findNatsServer, startNatsServer } from "@baton/nats-server";
import { letYield, SERVICE_ENV, SERVICE_NODE_FLAGS } from "@baton/supervisor";
import { eventually, type SpawnedService, spawnService } from "@baton/testkit";

/** How often metrics looks at the streams, unless told otherwise. */
const METRICS_REFRESH_MS = 2000;

const root = join(import.meta.dirname, "../../..");

/** Nanoseconds of the machine's monotonic clock. */
export interface HandlerTime {
  readonly started: bigint;
  readonly returned: bigint;
}

/** A running benchmark mesh. */
export interface BenchMesh extends AsyncDisposable {
  readonly url: string;
  /** Of the command line's kind: whoever drives the measurement asks like people do. */
  readonly seed: string;
  readonly processes: ReadonlyMap<string, SpawnedService>;
  readonly serverPid: number;
  /** Handler times so far: candidate to stage to when it started and returned. */
  handlerTimes(): Map<string, Map<string, HandlerTime>>;
  /** Resolves when metrics has folded everything that was written so far: it lags behind heavy traffic on purpose. */
  settled(): Promise<void>;
}

/**
 * The server for the limits: in a fresh store, with nats-server's own settings, and anybody may do everything. So whatever the
 * mesh's server is tuned to counts for the mesh.
 */
export async function startStockServer(dir: string, syncAlways: boolean) {
  const stock = { GOMAXPROCS: String(availableParallelism()), GOGC: "100", GOMEMLIMIT: "off" };
  const before = { ...process.env };
  Object.assign(process.env, stock);
  try {
    return await startBenchServer(dir, { syncAlways, extraConfig: "no_sublist_cache: false" });
  } finally {
    for (const name of Object.keys(stock)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

/** Starts a nats-server in a fresh store. */
async function startBenchServer(
  dir: string,
  settings: Pick<Parameters<typeof startNatsServer>[0], "syncAlways" | "extraConfig" | "keys">,
) {
  mkdirSync(dir, { recursive: true });
  const server = await findNatsServer({ signal: AbortSignal.timeout(120_000) });
  return startNatsServer({
    server,
    storeDir: join(dir, "store"),
    logFile: join(dir, "nats-server.log"),
    port: 0,
    host: "127.0.0.1",
    exitWithParent: true,
    ...settings,
  });
}

/** Starts the mesh and waits until every process is ready. */
export async function startBenchMesh(
  dir: string,
  { syncAlways, artifacts }: { readonly syncAlways: boolean; readonly artifacts: number },
): Promise<BenchMesh> {
  const { publicKeys: keys } = ensureMeshKeys(join(dir, "keys"));
  const server = await startBenchServer(dir, { syncAlways, keys });
  const common = {
    ...SERVICE_ENV,
    BATON_NATS_URL: server.url,
    BATON_LOG_LEVEL: "warn",
    BATON_SYNC_ALWAYS: syncAlways ? "1" : "0",
    BATON_EXIT_WITH_PARENT: "1",
    NODE_COMPILE_CACHE: join(root, ".baton/cache/compile"),
  };
  const logOf = (lane: Lane): string => join(dir, `${lane}.log`);
  const processes = new Map<string, SpawnedService>();
  const seedFileOf = (kind: Kind): string => join(dir, "keys", `${kind}.seed`);
  const start = (kind: Kind, entry: string, env: Record<string, string>): void => {
    const all = { ...common, BATON_NATS_SEED_FILE: seedFileOf(kind), ...env };
    const service = spawnService(join(root, entry), all, SERVICE_NODE_FLAGS);
    if (kind !== "coordinator") letYield(service.pid);
    processes.set(kind, service);
  };
  start("coordinator", "apps/coordinator/src/main.ts", {
    BATON_PLAYBOOK: join(root, "playbooks/bench.yaml"),
  });
  for (const lane of LANES) {
    const env = {
      BATON_LANE: lane,
      BATON_BENCH_LOG: logOf(lane),
      BATON_BENCH_ARTIFACTS: String(artifacts),
      BATON_LANE_CAPACITY: "128",
    };
    start(lane, "test/bench/src/noop-lane.ts", env);
  }
  start("escalation", "apps/escalation/src/main.ts", {});
  start("metrics", "apps/metrics/src/main.ts", {});
  await Promise.all(Array.from(processes.values(), (service) => service.ready(60_000)));
  const metrics = await processes.get("metrics")?.ready();
  return {
    url: server.url,
    seed: readFileSync(seedFileOf("cli"), "utf8").trim(),
    processes,
    serverPid: server.pid,
    handlerTimes: () => readHandlerTimes(LANES.map(logOf)),
    settled: async () => {
      // Its gauge is as old as its last refresh.
      await delay(METRICS_REFRESH_MS);
      await eventually(async () => !(await isBehind(`${metrics}/metrics`)), {
        what: "metrics has caught up",
        everyMs: 100,
        withinMs: 60_000,
      });
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(Array.from(processes.values(), (service) => service.stop()));
      await server.stop();
    },
  };
}

async function isBehind(url: string): Promise<boolean> {
  const text = await (await fetch(url)).text();
  return /^baton_metrics_behind_messages\{.*\} [1-9]/m.test(text);
}

function readHandlerTimes(files: readonly string[]): Map<string, Map<string, HandlerTime>> {
  const times = new Map<string, Map<string, HandlerTime>>();
  for (const file of files) {
    for (const line of readFileSync(file, "utf8").split("\n")) {
      const [candidateId = "", stage = "", started = "", returned = ""] = line.split(" ");
      if (returned === "") continue;
      const own = times.get(candidateId) ?? new Map<string, HandlerTime>();
      own.set(stage, { started: BigInt(started), returned: BigInt(returned) });
      times.set(candidateId, own);
    }
  }
  return times;
}

/** Resident memory of a process in MB, from the kernel. */
export function residentMb(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Math.round(Number(line ?? 0) / 102.4) / 10;
}

/** CPU time of a process so far in milliseconds, its own and what the kernel did for it. */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
