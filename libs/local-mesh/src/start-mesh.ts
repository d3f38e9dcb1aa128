/**
 * Starts the whole mesh on this machine and keeps it running: nats-server first, then every service of the plan.
 *
 * M1: of two on the same data folder the second is refused, because nats-server's store can be claimed only once.
 * M2: either everything is ready when `startMesh` answers, or it rejects and nothing is left running; but where the coordinator
 *     says that history is lost it answers, and everything stands still until people have said what follows.
 * M3: no process outlives this one: nats-server is tied to it, the services watch their standard input.
 * M4: a service keeps its port when it's started again, so that the others find it.
 */
import {
  type MeshDirectory,
  type MeshState,
  openStateFiles,
  readSeed,
  removeState,
  writeState,
} from "@baton/client";
import { openConnection, openJetStream, readMeshName } from "@baton/mesh";
import { answersAsNats, ensureMeshKeys, findNatsServer, startNatsServer } from "@baton/nats-server";
import { type ServiceEvent, supervise, type Supervised } from "@baton/supervisor";

import { ensureTokens } from "./broker-tokens.ts";
import { historyLost } from "./history-lost.ts";
import { explainFailure, interrupted } from "./mesh-failures.ts";
import { type MeshChoices, PLAN, plannedOf, type ServiceName } from "./mesh-plan.ts";
import { openServices, type RunningServices } from "./mesh-services.ts";
import { limitLog, makeFolders, prepare } from "./prepare-folder.ts";
import { readMark } from "./read-mark.ts";
import { requireSandbox } from "./require-sandbox.ts";
import { openRunBook, type RunBook } from "./run-book.ts";
import { watchStore, writesTrouble } from "./store-watch.ts";

/** A mesh that runs. */
export interface RunningMesh {
  readonly natsUrl: string;
  /** As it is at the moment; also in the data folder's `up.json`. */
  state(this: void): MeshState;
  service(this: void, name: ServiceName | "nats-server"): Supervised;
  /** Stops everything, what depends on others first; takes 25 s at most. May be called again. */
  stop(this: void): Promise<void>;
}

/** What starting a mesh takes beside the choices. */
export interface StartOptions {
  /** Ends the start; a mesh that runs already is ended by its `stop`. */
  readonly signal: AbortSignal;
  /** One line at a time: what is being fetched or done. */
  readonly log: (message: string) => void;
  readonly onEvent: (event: ServiceEvent) => void;
  /** A second `up.json`, by which other commands find the mesh; left alone while it's about another one that runs. */
  readonly pointer?: string | undefined;
}

/** Of wave 1 (all that work on the mesh), engine, broker, nats-server; longer than the services' own grace. */
const GRACES_MS = { services: 11_000, engine: 4000, broker: 4000, nats: 5000 } as const;

/** A server that doesn't greet within so long, again and again, hangs. */
const LIVE_MS = 4000;

/** Starts everything and answers when all of it is ready. Rejects with a UserError that says which part isn't, and why. */
export async function startMesh(choices: MeshChoices, options: StartOptions): Promise<RunningMesh> {
  const { directory } = choices;
  makeFolders(directory, ["nats-server", ...PLAN.map(({ name }) => name)]);
  const parts: Parts = {
    nats: undefined,
    services: undefined,
    storeWatch: undefined,
    prepared: Promise.resolve(),
    publish: () => undefined,
  };
  const stop = (): Promise<void> => stopAll(parts, directory, options.pointer);
  const starting = bringUp(parts, choices, options);
  try {
    const mesh = await orInterrupted(starting, options.signal);
    return { ...mesh, stop };
  } catch (error) {
    // What is still being started is waited for, so that it can be stopped.
    await Promise.all([stop(), starting.catch(() => undefined)]);
    await stop();
    throw explainFailure(directory, error);
  }
}

/** What has been started so far. */
interface Parts {
  nats: RunningNats | undefined;
  services: RunningServices | undefined;
  storeWatch: Disposable | undefined;
  /** Resolves when nothing is being made in the data folder any more. */
  prepared: Promise<void>;
  /** Writes the state files; does nothing before everything is ready and after the end has begun. */
  publish: () => void;
}

async function bringUp(
  parts: Parts,
  choices: MeshChoices,
  options: StartOptions,
): Promise<Omit<RunningMesh, "stop">> {
  const startedAt = new Date().toISOString();
  const runs = openRunBook(choices.directory.root);
  const onEvent = (event: ServiceEvent): void => {
    options.onEvent(event);
    runs.note(event, Date.now());
    parts.publish();
  };
  await requireSandbox(choices, options);
  const prepared = prepare(choices.directory, { remakes: choices.makesLostRepositories });
  // Awaited below, and by the end: a failure before that must not end the process by itself.
  parts.prepared = prepared.catch(() => undefined);
  const nats = await superviseNats(choices, { ...options, onEvent });
  parts.nats = nats;
  await nats.supervised.whenReady();
  await prepared;
  options.signal.throwIfAborted();
  const services = openServices(choices, { natsUrl: nats.url(), onEvent });
  parts.services = services;
  await readyOrLost(services, choices.directory, options);
  const mesh = await identityOf(choices.directory, nats.url());
  const state = (): MeshState => stateOf({ choices, startedAt, nats, services, mesh, runs });
  // A mesh that no command would find isn't up; one that is goes on without its files.
  writeState(choices.directory.state, state());
  const tell = openStateFiles({ ...options, file: choices.directory.state });
  parts.publish = () => tell(state());
  parts.publish();
  parts.storeWatch = watchStore({
    storeDir: choices.directory.store,
    trouble: () => writesTrouble(services.addresses()["coordinator"]),
    restart: () => nats.supervised.kill("SIGTERM"),
    tell: options.log,
  });
  return {
    natsUrl: nats.url(),
    state,
    service: (name) => (name === "nats-server" ? nats.supervised : services.service(name)),
  };
}

/** A mesh whose history is lost isn't ready, but has to run so that people can say what follows. */
async function readyOrLost(
  services: RunningServices,
  directory: MeshDirectory,
  { signal, log }: StartOptions,
): Promise<void> {
  const over = new AbortController();
  const ready = services.whenReady();
  // After a loss nobody waits for it any more.
  ready.catch(() => undefined);
  try {
    const lost = await Promise.race([
      ready.then(() => undefined),
      historyLost(directory, AbortSignal.any([signal, over.signal])),
    ]);
    if (lost !== undefined) log(lost);
  } finally {
    over.abort();
  }
}

async function stopAll(
  parts: Parts,
  directory: MeshDirectory,
  pointer: string | undefined,
): Promise<void> {
  parts.publish = () => undefined;
  parts.storeWatch?.[Symbol.dispose]();
  await parts.services?.stop(GRACES_MS);
  await parts.nats?.supervised.stop(GRACES_MS.nats);
  await parts.prepared;
  for (const file of [directory.state, pointer]) {
    if (file !== undefined) removeState(file, process.pid);
  }
}

async function orInterrupted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const given = Promise.withResolvers<never>();
  const interrupt = (): void => given.reject(interrupted("while the mesh was starting"));
  signal.addEventListener("abort", interrupt, { once: true });
  if (signal.aborted) interrupt();
  try {
    return await Promise.race([work, given.promise]);
  } finally {
    signal.removeEventListener("abort", interrupt);
    given.promise.catch(() => undefined);
  }
}

interface RunningNats {
  readonly supervised: Supervised;
  /** Known once it's ready, and the same ever after. */
  url(this: void): string;
  monitorUrl(this: void): string | undefined;
}

async function superviseNats(
  choices: MeshChoices,
  { signal, log, onEvent }: StartOptions,
): Promise<RunningNats> {
  const { directory } = choices;
  const server = await findNatsServer({ signal, log });
  const { publicKeys } = ensureMeshKeys(directory.keys);
  ensureTokens(directory);
  const logFile = directory.logOf("nats-server");
  limitLog(logFile);
  let port = choices.natsPort;
  let url = "";
  let { monitorPort } = choices;
  let monitorUrl: string | undefined;
  const launch = async () => {
    const running = await startNatsServer({
      server,
      storeDir: directory.store,
      logFile,
      port,
      ...(monitorPort !== undefined && { monitorPort }),
      syncAlways: choices.syncAlways,
      exitWithParent: true,
      keys: publicKeys,
    });
    ({ port, url, monitorUrl } = running);
    if (monitorUrl !== undefined) monitorPort = Number(new URL(monitorUrl).port);
    return running;
  };
  const isAlive = (): Promise<boolean> => answersAsNats(url, LIVE_MS);
  const supervised = supervise(
    // Launching it waits until it answers.
    { name: "nats-server", launch, untilReady: () => Promise.resolve(), liveness: { isAlive } },
    { onEvent },
  );
  return { supervised, url: () => url, monitorUrl: () => monitorUrl };
}

/** What commands need to know so that they believe no other server. */
async function identityOf({ keys, mark }: MeshDirectory, url: string): Promise<MeshState["mesh"]> {
  const { publicKeys, seedFileOf } = ensureMeshKeys(keys);
  const seed = readSeed(seedFileOf("cli"));
  const nc = await openConnection({ url, name: "baton-up", waitForServer: false, seed });
  try {
    const { jsm } = await openJetStream(nc, { seed });
    // Where the streams are lost, the mark knows.
    const name = (await readMeshName(jsm)) ?? readMark(mark)?.mesh;
    if (name === undefined) throw new Error("the coordinator is ready, but its streams are absent");
    return { name, receiptKeys: [...publicKeys.coordinator] };
  } finally {
    await nc.close();
  }
}

function stateOf(mesh: {
  mesh: MeshState["mesh"];
  choices: MeshChoices;
  startedAt: string;
  nats: RunningNats;
  services: RunningServices;
  runs: RunBook;
}): MeshState {
  const { choices, startedAt, nats, services, runs } = mesh;
  const monitorUrl = nats.monitorUrl();
  const all = [nats.supervised, ...plannedOf(choices).map(({ name }) => services.service(name))];
  const pids = all.flatMap(({ name, pid }) => {
    const number = pid();
    return number === undefined ? [] : [[name, number] as const];
  });
  return {
    v: 1,
    pid: process.pid,
    startedAt,
    dataDir: choices.directory.root,
    natsUrl: nats.url(),
    mesh: mesh.mesh,
    people: choices.people,
    ...(monitorUrl !== undefined && { monitorUrl }),
    ...(choices.traceLink !== undefined && { traceLink: choices.traceLink }),
    syncAlways: choices.syncAlways,
    addresses: services.addresses(),
    pids: Object.fromEntries(pids),
    runs: Object.fromEntries(
      all.map(({ name, restarts }) => [name, { restarts: restarts(), ...runs.of(name) }]),
    ),
  };
}
