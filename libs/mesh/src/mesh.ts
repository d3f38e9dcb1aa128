/** One process's access to the mesh: connection, journal, reports, artifacts, durables. */
import { setTimeout as delay } from "node:timers/promises";

import type { ArtifactWriter, Lane, MeshName, ServiceHealth } from "@baton/contracts";
import { STREAMS } from "@baton/contracts";
import {
  jetstream,
  type JetStreamClient,
  jetstreamManager,
  type JetStreamManager,
} from "@nats-io/jetstream";
import type { NatsConnection } from "nats";

import { API_PREFIX } from "./access.ts";
import { type Artifacts, openArtifacts } from "./artifacts.ts";
import { type Commands, openCommands } from "./commands.ts";
import { explainRefusal, openConnection } from "./connect.ts";
import { type Denial, watchConnection } from "./connection-watch.ts";
import type { ControlMemory } from "./control-memory.ts";
import { type MeshControls, openControls } from "./controls.ts";
import { absent, meshNameIn } from "./ensure-topology.ts";
import type { HistoryState, KnownMarks } from "./find-losses.ts";
import { openGroupWriter } from "./group-writer.ts";
import { type Journal, openJournal } from "./journal.ts";
import { type LaneInbox, openLaneInbox } from "./lane-inbox.ts";
import { createNewer, type Newer } from "./newer.ts";
import { openProvisioner, refuseLost } from "./provisioner.ts";
import { openPublisher, type Publisher } from "./publisher.ts";
import { type PullOptions, type PullWorker, startPullWorker } from "./pull-worker.ts";
import { AFTER_A_WRITE_ERROR, type Pulse, startPulse } from "./pulse.ts";
import { openReports, type Reports } from "./reports.ts";
import { requireServerVersion } from "./require-server.ts";
import { restoreConsumer } from "./restore-consumers.ts";
import { answerHealth } from "./service-health.ts";
import { DEFAULT_TOPOLOGY, planTopology, type Topology, type TopologyOptions } from "./topology.ts";

/** Disposing waits so long for the server to have taken what was sent. */
const DRAIN_MS = 3000;

/** How to open a mesh. */
export interface MeshOptions {
  readonly url: string;
  /** Name of the process, shown in the server's connection list. */
  readonly name: string;
  /** Seed of the process's nkey; without it the connection is anonymous. */
  readonly seed?: string | undefined;
  /** In whose name artifacts are stored: the coordinator's if left out. The server lets each kind store in its own only. */
  readonly storesAs?: ArtifactWriter;
  /** Server syncs every write: writers then commit in groups. */
  readonly syncAlways?: boolean;
  readonly topology?: TopologyOptions;
  /** True in services: wait for the server, and for the streams if another process makes them. */
  readonly wait?: boolean;
  /**
   * In the coordinator, which owns the streams. True: make them, or check them; throws `LogReset` where history is lost. `asked`:
   * only when `provision` is called.
   */
  readonly provision?: boolean | "asked";
  /** What was seen of the controls; only this process's own if left out. */
  readonly memory?: ControlMemory;
  readonly signal?: AbortSignal;
  /** What it answers when it's asked how it is. */
  readonly health?: () => ServiceHealth;
  /** Told about each thing that the server doesn't let this process do. */
  readonly onDenial?: (denial: Denial) => void;
  /** Told once if the connection is closed for good, such as when the server doesn't know the key any more. */
  readonly onClosed?: (why: Error) => void;
}

/** An open mesh. */
export interface Mesh extends AsyncDisposable {
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly topology: Topology;
  /** What the streams say that this mesh is called; undefined where there are none yet. */
  readonly name: MeshName | undefined;
  readonly publisher: Publisher;
  /** Shows whether what is written is stored; only the coordinator writes one. */
  readonly pulse: Pulse | undefined;
  readonly journal: Journal;
  readonly reports: Reports;
  readonly artifacts: Artifacts;
  readonly controls: MeshControls;
  readonly commands: Commands;
  /** What this process met that only a newer release can act on. */
  readonly newer: Newer;
  laneInbox(lane: Lane): LaneInbox;
  /** Makes and checks streams and consumers, see provision.ts; then keeps the consumers. Only with the option of that name. */
  provision(known?: readonly KnownMarks[]): Promise<HistoryState>;
  /** Takes messages from a planned durable, making it again if it's lost. */
  take(options: Omit<PullOptions, "restore">): PullWorker;
  /** Undefined while connected and allowed to do what it does; otherwise why not. */
  trouble(): string | undefined;
  /** False while there is no connection to a server. */
  connected(): boolean;
}

const WAIT_MS = 250;
/** A refusal makes a process unready for so long. */
const DENIED_MS = 60_000;

/** Opens a mesh. Throws `Unavailable`, `TopologyDrift`, or `ServerTooOld` where it would make streams. */
export async function openMesh(options: MeshOptions): Promise<Mesh> {
  const connecting = openConnection({ ...options, waitForServer: options.wait === true });
  const nc = await orAborted(connecting, options.signal);
  try {
    return await assemble(nc, options);
  } catch (error) {
    await nc.close();
    throw error;
  }
}

/** The client can't be told to stop waiting for a server; it can only be left alone. Rejects with the signal's reason. */
async function orAborted(
  connecting: Promise<NatsConnection>,
  signal: AbortSignal | undefined,
): Promise<NatsConnection> {
  if (!signal) return connecting;
  const aborted = Promise.withResolvers<never>();
  const leave = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", leave, { once: true });
  if (signal.aborted) leave();
  try {
    return await Promise.race([connecting, aborted.promise]);
  } catch (error) {
    void connecting.then((nc) => nc.close()).catch(() => undefined);
    throw error;
  } finally {
    signal.removeEventListener("abort", leave);
  }
}

async function assemble(nc: NatsConnection, options: MeshOptions): Promise<Mesh> {
  const owns = options.provision === true || options.provision === "asked";
  if (owns) requireServerVersion(nc.info?.version);
  const chosen = options.topology ?? DEFAULT_TOPOLOGY;
  const topology = planTopology(chosen);
  const watch = watchConnection(nc);
  watch.onDenial = options.onDenial;
  void tellWhenClosed(nc, options);
  if (options.health) answerHealth(nc, options.health);
  const { js, jsm } = await openJetStream(nc, options);
  const owned = openProvisioner({ nc, jsm }, topology);
  if (options.provision === true) refuseLost(await owned.provision());
  const name = owns ? undefined : await nameOf(jsm, options);
  const publisher = openPublisher(nc);
  const writer = openGroupWriter(publisher, options.syncAlways === true);
  const mayMake = owns || options.seed === undefined;
  const take = takerOf({ nc, jsm }, topology, mayMake);
  const pulse = owns ? startPulse(publisher) : undefined;
  const newer = createNewer();
  const { maxDeliver, ackWaitMs } = chosen;
  return {
    nc,
    js,
    jsm,
    topology,
    get name() {
      return name ?? owned.name();
    },
    publisher,
    pulse,
    journal: openJournal(jsm, writer),
    reports: openReports(jsm, writer),
    artifacts: openArtifacts({ jsm, publisher, writer: options.storesAs ?? "coordinator" }),
    controls: openControls(jsm, publisher, options.memory),
    provision: owned.provision,
    commands: openCommands(jsm),
    take,
    newer,
    laneInbox: (lane) => openLaneInbox({ lane, maxDeliver, ackWaitMs, newer, start: take }),
    connected: () => watch.connected,
    trouble: () => troubleOf(watch, options.url) ?? unstored(publisher.unanswered()),
    [Symbol.asyncDispose]: async () => {
      owned.stop();
      pulse?.stop();
      publisher.close();
      // A server that hangs never says that it has taken everything.
      const late = new AbortController();
      await Promise.race([
        nc.drain().catch(() => undefined),
        delay(DRAIN_MS, undefined, { signal: late.signal }).catch(() => undefined),
      ]);
      late.abort();
      await nc.close();
    },
  };
}

/** Takes messages from durables; one that is gone is made again by who may. */
function takerOf(
  { nc, jsm }: { nc: NatsConnection; jsm: JetStreamManager },
  topology: Topology,
  mayMake: boolean,
): Mesh["take"] {
  return (pull) =>
    startPullWorker(nc, {
      ...pull,
      restore: async (from) => {
        if (!mayMake) return void (await jsm.consumers.info(pull.stream, pull.durable));
        const how = await restoreConsumer(jsm, topology, { ...pull, from });
        if (how === "restored")
          pull.onTrouble(`consumer ${pull.durable} was gone; made again from ${from ?? 1}`);
      },
    });
}

async function tellWhenClosed(nc: NatsConnection, options: MeshOptions): Promise<void> {
  const why = await nc.closed();
  if (why instanceof Error) options.onClosed?.(explainRefusal(why, options));
}

/** JetStream on a connection: a process with a key of its own finds the API under Baton's prefix. */
export async function openJetStream(
  nc: NatsConnection,
  {
    seed,
    provision: owns = false,
    timeoutMs,
  }: {
    readonly seed?: string | undefined;
    readonly provision?: boolean | "asked";
    /** Longest wait for an answer of the API; the connection's own if left out. */
    readonly timeoutMs?: number;
  },
): Promise<{ js: JetStreamClient; jsm: JetStreamManager }> {
  const prefix = seed === undefined || owns !== false ? {} : { apiPrefix: API_PREFIX };
  return {
    js: jetstream(nc, prefix),
    jsm: await jetstreamManager(nc, {
      ...prefix,
      checkAPI: false,
      ...(timeoutMs !== undefined && { timeout: timeoutMs }),
    }),
  };
}

function troubleOf(
  { connected, denials, lastDenial }: ReturnType<typeof watchConnection>,
  url: string,
): string | undefined {
  if (!connected) return `no connection to ${url}`;
  if (!lastDenial || Date.now() - lastDenial.atMs > DENIED_MS) return undefined;
  // Whoever asks for readiness hears this: the log has the whole subject, which may name a candidate.
  const kind = lastDenial.subject.split(".", 2).join(".");
  return `the server refused a ${lastDenial.operation} on ${kind}.…, ${denials} refusals so far: is its key the one of another kind of process?`;
}

async function nameOf(
  jsm: JetStreamManager,
  { wait, signal }: MeshOptions,
): Promise<MeshName | undefined> {
  return wait === true ? waitForStreams(jsm, signal) : readMeshName(jsm);
}

/** The name of the mesh whose streams a server has; undefined if it has none. */
export async function readMeshName(jsm: JetStreamManager): Promise<MeshName | undefined> {
  // The one that every kind may ask for, and the last that is made.
  const info = await jsm.streams.info(STREAMS.advisories.name).catch(absent);
  return info && meshNameIn(info.config);
}

/** Reads go on being answered by a server that stores nothing. */
function unstored(streams: readonly string[]): string | undefined {
  if (streams.length === 0) return undefined;
  return `writes to ${streams.join(", ")} aren't answered: ${AFTER_A_WRITE_ERROR}`;
}

async function waitForStreams(
  jsm: JetStreamManager,
  signal: AbortSignal | undefined,
): Promise<MeshName | undefined> {
  for (;;) {
    const found = await jsm.streams.info(STREAMS.advisories.name).catch(() => undefined);
    if (found) return meshNameIn(found.config);
    signal?.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
}
