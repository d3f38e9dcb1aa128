/** A nats-server, a real coordinator process and lanes whose stages a test writes, on a playbook of three stages. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import {
  type Command,
  commandSubject,
  type Entry,
  type OwnLane,
  LANES,
  Receipt,
  REPLY_HEADER,
  type StoredEntry,
} from "@baton/contracts";
import { defineLane, done, type RunningLane, runLane, type StageWork } from "@baton/lanekit";
import { type Mesh, openMesh } from "@baton/mesh";
import { candidateIdOf } from "@baton/playbook";
import { startTelemetry, type Telemetry } from "@baton/telemetry";
import {
  eventually,
  type SpawnedService,
  spawnService,
  temporaryFolder,
  type TestNats,
} from "@baton/testkit";

const root = join(import.meta.dirname, "../../..");

/** Stages: `make` (lane-a) -> `check` (lane-b, verdict by gate report) -> `ship` (lane-c, needs approval) -> closed. */
export const PLAYBOOK = {
  version: "baton-playbook-v1",
  stages: [
    {
      stage: "make",
      lane: "lane-a",
      requirePreviousArtifact: false,
      requirePreviousGatePass: false,
      deadlineSeconds: 20,
    },
    {
      stage: "check",
      lane: "lane-b",
      deadlineSeconds: 20,
      gate: "gates/check.json",
      artifacts: ["gates/check.json"],
    },
    {
      stage: "ship",
      lane: "lane-c",
      mutableAction: true,
      deadlineSeconds: 20,
      approvals: { required: 1, when: { path: "needs", in: ["approval"] } },
    },
  ],
  transitions: { make: ["check"], check: ["ship", "make"], ship: [] },
  failurePolicies: {
    transient: {
      maxRetries: 2,
      initialBackoffSeconds: 0.05,
      backoffMultiplier: 2,
      maxBackoffSeconds: 1,
      autopauseAfterFailures: 5,
    },
    deterministic: {
      maxRetries: 0,
      initialBackoffSeconds: 0,
      backoffMultiplier: 1,
      maxBackoffSeconds: 0,
      autopauseAfterFailures: 2,
    },
    spec: {
      maxRetries: 0,
      initialBackoffSeconds: 0,
      backoffMultiplier: 1,
      maxBackoffSeconds: 0,
      autopauseAfterFailures: 2,
    },
    policy: {
      maxRetries: 0,
      initialBackoffSeconds: 0,
      backoffMultiplier: 1,
      maxBackoffSeconds: 0,
      autopauseAfterFailures: 1,
    },
  },
  limits: { maxLoops: 1 },
};

/** What a test works with. */
export interface LoopWorld extends AsyncDisposable {
  readonly mesh: Mesh;
  readonly coordinator: () => SpawnedService;
  /** Starts another coordinator process with variables of its own, beside or after the first. */
  startCoordinator(env?: Record<string, string>): SpawnedService;
  /** Starts the three lanes; stages that aren't given pass. */
  startLanes(work: Partial<Record<"make" | "check" | "ship", StageWork>>): RunningLane[];
  /** Starts a lane for stages of another playbook. */
  startLane(lane: OwnLane, stages: Record<string, StageWork>): RunningLane;
  send(command: DistributedOmit<Command, "v" | "id" | "time"> & { id?: string }): Promise<Receipt>;
  /** Submits a specification, by default one that needs no approval, and returns its candidate id. */
  submit(spec: Record<string, unknown>): Promise<string>;
  /** Waits until the last entry satisfies `condition`. */
  until(
    candidateId: string,
    what: string,
    condition: (entry: Entry) => boolean,
  ): Promise<StoredEntry>;
}

type DistributedOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** The gate report of stage `check`. */
export const passCheck: StageWork = async (context) => gate(context, "pass");
export const failCheck: StageWork = async (context) => gate(context, "fail");

async function gate(context: Parameters<StageWork>[0], status: "pass" | "fail") {
  const { candidateId, runId, stage } = context;
  await context.putJson("gates/check.json", {
    schemaVersion: "baton.gate-report.v1",
    candidateId,
    runId,
    stage,
    policyVersion: "test",
    verdict: status,
    gates: [{ gateId: "gate1", status, reasons: status === "fail" ? ["too good to be true"] : [] }],
  });
  return done(`gate said ${status}`, status);
}

let sent = 0;

const TOPOLOGY = { replicas: 1, ackWaitMs: 1500, maxDeliver: 5 };

/** Opens a world on a running server. */
export async function openLoopWorld(
  nats: TestNats,
  env: Record<string, string> = {},
): Promise<LoopWorld> {
  const folder = temporaryFolder("loop");
  const file = join(folder.path, "playbook.yaml");
  writeFileSync(file, JSON.stringify(PLAYBOOK));
  const services: SpawnedService[] = [];
  const lanes: RunningLane[] = [];
  const startCoordinator = (more: Record<string, string> = {}): SpawnedService => {
    const service = spawnService(join(root, "apps/coordinator/src/main.ts"), {
      BATON_NATS_URL: nats.url,
      BATON_NATS_SEED_FILE: nats.seedFileOf("coordinator"),
      BATON_PLAYBOOK: file,
      BATON_ACK_WAIT_MS: "1500",
      BATON_MAX_DELIVER: "5",
      BATON_SWEEP_MS: "100",
      ...env,
      ...more,
    });
    services.push(service);
    return service;
  };
  await startCoordinator().ready();
  const { mesh, meshOf, laneMeshes } = await openMeshes(nats);
  const telemetry = await startTelemetry({ service: "test", env: { BATON_LOG_LEVEL: "silent" } });
  const start: LoopWorld["startLane"] = (lane, stages) => {
    const started = startLane({ mesh: meshOf(lane), telemetry }, lane, stages);
    lanes.push(started);
    return started;
  };
  return {
    mesh,
    coordinator: () => services.at(-1) ?? fail("no coordinator"),
    startCoordinator,
    startLanes: (work) => startThreeLanes(start, work),
    startLane: start,
    send: (command) => sendCommand(mesh, command),
    submit: async (given) => {
      const spec = { needs: "nothing", ...given };
      const candidateId = candidateIdOf(spec);
      await sendCommand(mesh, { type: "submit", candidateId, by: "author", spec });
      return candidateId;
    },
    until: (candidateId, what, condition) => untilLast(mesh, { candidateId, what, condition }),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(lanes.map((lane) => lane.stop()));
      await Promise.all(services.map((service) => service.stop()));
      await Promise.all([mesh, ...laneMeshes].map((one) => one[Symbol.asyncDispose]()));
      await telemetry[Symbol.asyncDispose]();
      folder.remove();
    },
  };
}

function untilLast(
  { journal }: Mesh,
  on: { candidateId: string; what: string; condition: (entry: Entry) => boolean },
): Promise<StoredEntry> {
  return eventually(
    async () => {
      const last = await journal.last(on.candidateId);
      return last && on.condition(last.entry) ? last : undefined;
    },
    { what: on.what, withinMs: 20_000 },
  );
}

/** The test's own, with the coordinator's key, so that it may look at everything and break it; and those of the lanes. */
async function openMeshes(nats: TestNats) {
  const open = (kind: "coordinator" | OwnLane): Promise<Mesh> => {
    const seed = nats.seedOf(kind);
    return openMesh({ url: nats.url, name: kind, topology: TOPOLOGY, seed, storesAs: kind });
  };
  const mesh = await open("coordinator");
  const lanes = new Map(
    await Promise.all(LANES.map(async (lane) => [lane, await open(lane)] as const)),
  );
  const meshOf = (lane: OwnLane): Mesh => lanes.get(lane) ?? fail(`no connection of ${lane}`);
  return { mesh, meshOf, laneMeshes: [...lanes.values()] };
}

function fail(message: string): never {
  throw new Error(message);
}

function startThreeLanes(
  start: LoopWorld["startLane"],
  work: Partial<Record<"make" | "check" | "ship", StageWork>>,
): RunningLane[] {
  const pass: StageWork = async () => done("passed");
  return [
    start("lane-a", { make: work.make ?? pass }),
    start("lane-b", { check: work.check ?? passCheck }),
    start("lane-c", { ship: work.ship ?? pass }),
  ];
}

function startLane(
  { mesh, telemetry }: { mesh: Mesh; telemetry: Telemetry },
  lane: OwnLane,
  stages: Record<string, StageWork>,
): RunningLane {
  return runLane(defineLane({ lane, stages }), {
    inbox: mesh.laneInbox(lane),
    reports: mesh.reports,
    journal: mesh.journal,
    artifacts: mesh.artifacts,
    log: telemetry.log,
    tracer: telemetry.tracer,
    signal: new AbortController().signal,
    capacity: 4,
    heartbeatMs: 500,
    retryScale: 1,
    jitter: () => 1,
    graceMs: 1000,
  });
}

async function sendCommand(
  mesh: Mesh,
  command: Parameters<LoopWorld["send"]>[0],
): Promise<Receipt> {
  sent += 1;
  const id = command.id ?? `command-${process.pid}-${sent}`;
  const inbox = `_INBOX.test.${sent}`;
  const subscription = mesh.nc.subscribe(inbox, { max: 1, timeout: 10_000 });
  await mesh.publisher.publish({
    subject: commandSubject({ candidateId: command.candidateId, commandId: id }),
    payload: JSON.stringify({ ...command, v: 1, id, time: new Date().toISOString() }),
    headers: { [REPLY_HEADER]: inbox },
  });
  for await (const message of subscription) return Receipt.parse(message.json());
  return fail("no receipt");
}
