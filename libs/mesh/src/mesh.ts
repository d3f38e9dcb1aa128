/** One process's access to the mesh: connection, journal, reports, artifacts, durables. */
import type { Lane } from "@baton/contracts";
import { STREAMS } from "@baton/contracts";
import {
  jetstream,
  type JetStreamClient,
  jetstreamManager,
  type JetStreamManager,
} from "@nats-io/jetstream";
import type { NatsConnection } from "nats";

import { type Artifacts, openArtifacts } from "./artifacts.ts";
import { openConnection } from "./connect.ts";
import { type MeshControls, openControls } from "./controls.ts";
import { openGroupWriter } from "./group-writer.ts";
import { type Journal, openJournal } from "./journal.ts";
import { type LaneInbox, openLaneInbox } from "./lane-inbox.ts";
import { openPublisher, type Publisher } from "./publisher.ts";
import { type PullOptions, type PullWorker, startPullWorker } from "./pull-worker.ts";
import { openReports, type Reports } from "./reports.ts";
import {
  DEFAULT_TOPOLOGY,
  ensureTopology,
  planTopology,
  restoreConsumer,
  type Topology,
  type TopologyOptions,
} from "./topology.ts";

/** How to open a mesh. */
export interface MeshOptions {
  readonly url: string;
  /** Name of the process, shown in the server's connection list. */
  readonly name: string;
  readonly seed?: string | undefined;
  readonly inboxPrefix?: string | undefined;
  /** Server syncs every write: writers then commit in groups. */
  readonly syncAlways?: boolean;
  readonly topology?: TopologyOptions;
  /** True in services: wait for the server, and for the streams if another process makes them. */
  readonly wait?: boolean;
  /** True in the coordinator: create streams and consumers and check them. */
  readonly provision?: boolean;
  readonly signal?: AbortSignal;
}

/** An open mesh. */
export interface Mesh extends AsyncDisposable {
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly topology: Topology;
  readonly publisher: Publisher;
  readonly journal: Journal;
  readonly reports: Reports;
  readonly artifacts: Artifacts;
  readonly controls: MeshControls;
  laneInbox(lane: Lane): LaneInbox;
  /** Takes messages from a planned durable, making it again if it's lost. */
  take(options: Omit<PullOptions, "restore">): PullWorker;
  /** Undefined while connected; otherwise why not. */
  trouble(): string | undefined;
}

const WAIT_MS = 250;

/** Opens a mesh. Throws `Unavailable` or `TopologyDrift`. */
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
  const chosen = options.topology ?? DEFAULT_TOPOLOGY;
  const topology = planTopology(chosen);
  const js = jetstream(nc);
  const jsm = await jetstreamManager(nc, { checkAPI: false });
  if (options.provision === true) await ensureTopology(jsm, topology);
  else if (options.wait === true) await waitForStreams(jsm, options.signal);
  const publisher = openPublisher(nc);
  const writer = openGroupWriter(publisher, options.syncAlways === true);
  let connected = true;
  void (async () => {
    for await (const status of nc.status()) {
      if (status.type === "disconnect") connected = false;
      if (status.type === "reconnect") connected = true;
    }
  })();
  const take = (pull: Omit<PullOptions, "restore">): PullWorker =>
    startPullWorker(nc, {
      ...pull,
      restore: async (from) => {
        const how = await restoreConsumer(jsm, topology, { ...pull, from });
        if (how === "restored")
          pull.onTrouble(`consumer ${pull.durable} was gone; made again from ${from ?? 1}`);
      },
    });
  return {
    nc,
    js,
    jsm,
    topology,
    publisher,
    journal: openJournal(jsm, writer),
    reports: openReports(jsm, writer),
    artifacts: await openArtifacts(js, chosen.replicas),
    controls: openControls(jsm, publisher),
    take,
    laneInbox: (lane) => openLaneInbox({ lane, maxDeliver: chosen.maxDeliver, start: take }),
    trouble: () => (connected ? undefined : `no connection to ${options.url}`),
    [Symbol.asyncDispose]: async () => {
      publisher.close();
      await nc.drain().catch(() => nc.close());
    },
  };
}

async function waitForStreams(
  jsm: JetStreamManager,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (;;) {
    const found = await jsm.streams.info(STREAMS.advisories.name).catch(() => undefined);
    if (found) return;
    signal?.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
}
