/**
 * A real nats-server for a test: fresh store, own port, leaks noticed.
 *
 * The port stays the same over restarts, so that clients find the server again; it's chosen below
 * the range that the system gives to outgoing connections, or a reconnecting client might be given
 * it while the server is down.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import type { Kind } from "@baton/mesh";
import {
  ensureMeshKeys,
  findNatsServer,
  type FoundNatsServer,
  NatsServerError,
  type RunningNatsServer,
  startNatsServer,
} from "@baton/nats-server";
import { z } from "zod";

import { eventually } from "./eventually.ts";
import { runningServices, type SpawnedService } from "./spawn-service.ts";
import { type TemporaryFolder, temporaryFolder } from "./temporary-folder.ts";

/** What a test may choose about its server. */
export type TestNatsOptions = Partial<
  Pick<Parameters<typeof startNatsServer>[0], "syncAlways" | "maxPayload" | "keys" | "extraConfig">
> & {
  /** Everybody signs in with the key of their kind, as under `baton up`; otherwise anybody may do everything. */
  readonly signIn?: boolean;
  /** Where it stores, for a disk of its own; by default a folder that is removed with it. */
  readonly storeDir?: string;
};

/** A nats-server of one test or one test file. */
export interface TestNats {
  /** The same for all its life. */
  readonly url: string;
  readonly storeDir: string;
  readonly logFile: string;
  /** File with the seed of a kind, with `signIn`. */
  seedFileOf(this: void, kind: Kind): string;
  /** The seed itself. */
  seedOf(this: void, kind: Kind): string;
  /** The process that runs at the moment, or the last one that did. */
  readonly server: RunningNatsServer;
  /** Stops it in good order, if it runs, and starts it again on the same store and port. */
  restart(this: void): Promise<void>;
  /** Ends it by SIGKILL and returns when it's gone; `restart` brings it back. */
  kill9(this: void): Promise<void>;
  /**
   * Stops it and removes its folder, then rejects if a connection or a spawned service was left
   * over (which it ends).
   */
  stop(this: void): Promise<void>;
  /** Ends everything without looking for left-overs: for a test that has failed already. */
  abandon(this: void): Promise<void>;
}

const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
/** A client that's closed is gone at the server a moment later. */
const CLOSING_MS = 1000;
/** Longer than Baton's clients wait between two attempts to reconnect. */
const RECONNECT_MS = 500;

let found: Promise<FoundNatsServer> | undefined;

/** Runs `fn` with a nats-server of its own; fails if `fn` does or leaves something behind. */
export async function withNats<T>(
  fn: (nats: TestNats) => Promise<T>,
  options: TestNatsOptions = {},
): Promise<T> {
  const nats = await startTestNats(options);
  let result: T;
  try {
    result = await fn(nats);
  } catch (error) {
    // What is left over after a failure is its consequence.
    await nats.abandon();
    throw error;
  }
  await nats.stop();
  return result;
}

/** The same for a whole test file: start it in `beforeAll`, stop it in `afterAll`. */
export async function startTestNats(options: TestNatsOptions = {}): Promise<TestNats> {
  found ??= findNatsServer({ signal: AbortSignal.timeout(120_000) });
  const binary = await found;
  const before = new Set(runningServices());
  const folder = temporaryFolder("nats");
  const { settings, ...seeds } = withKeys(folder, options);
  const start = starter(binary, folder, settings);
  let server: RunningNatsServer;
  let up = true;
  try {
    server = await startOnFreePort(start);
  } catch (error) {
    folder.remove();
    throw error;
  }
  const { url, port } = server;
  const own = (): readonly SpawnedService[] =>
    runningServices().filter((service) => !before.has(service));
  const abandon = async (): Promise<void> => {
    await Promise.all(own().map((service) => service.sigkill()));
    await server.stop();
    folder.remove();
  };
  return {
    url,
    storeDir: options.storeDir ?? join(folder.path, "store"),
    logFile: join(folder.path, "nats-server.log"),
    ...seeds,
    get server() {
      return server;
    },
    async restart() {
      await server.stop();
      server = await start(port);
      up = true;
    },
    async kill9() {
      server.kill("SIGKILL");
      await server.exited;
      up = false;
    },
    async stop() {
      const leaks = own().map(({ name, pid }) => `service ${name} (pid ${pid}) still runs`);
      try {
        // A connection of such a service would only say the same again.
        if (leaks.length === 0) {
          if (!up) {
            server = await start(port);
            // Nothing tells that no client comes back but that none did.
            await delay(RECONNECT_MS);
          }
          leaks.push(...(await openConnections(server)));
        }
      } finally {
        await abandon();
      }
      if (leaks.length > 0) throw new Error(`left over: ${leaks.join("; ")}`);
    },
    abandon,
  };
}

/** The server's settings, and where the seeds of its keys are. */
function withKeys({ path }: TemporaryFolder, { signIn = false, ...settings }: TestNatsOptions) {
  const folder = join(path, "keys");
  const seedFileOf = (kind: Kind): string => join(folder, `${kind}.seed`);
  const seedOf = (kind: Kind): string => readFileSync(seedFileOf(kind), "utf8").trim();
  const keys = signIn ? { keys: ensureMeshKeys(folder).publicKeys } : {};
  return { settings: { ...settings, ...keys }, seedFileOf, seedOf };
}

type Starter = (port: number) => Promise<RunningNatsServer>;

function starter(
  server: FoundNatsServer,
  folder: TemporaryFolder,
  options: Omit<TestNatsOptions, "signIn">,
): Starter {
  return (port) =>
    startNatsServer({
      server,
      syncAlways: false,
      storeDir: join(folder.path, "store"),
      ...options,
      logFile: join(folder.path, "nats-server.log"),
      port,
      monitorPort: 0,
      exitWithParent: true,
    });
}

async function startOnFreePort(start: Starter): Promise<RunningNatsServer> {
  for (let attempt = 1; ; attempt += 1) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    if (!(await isFree(port))) continue;
    try {
      return await start(port);
    } catch (error) {
      // Somebody else took it in between.
      const taken = error instanceof NatsServerError && error.code === "E_PORT_IN_USE";
      if (!taken || attempt >= 5) throw error;
    }
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}

const Connections = z.object({
  connections: z.array(
    z.object({
      cid: z.number(),
      name: z.string().default("without a name"),
      subscriptions: z.number().default(0),
    }),
  ),
});

/** Descriptions of the clients that the server still has after a moment. */
async function openConnections({ monitorUrl }: RunningNatsServer): Promise<string[]> {
  let left: string[] = [];
  await eventually(
    async () => {
      const response = await fetch(`${monitorUrl}/connz`, { signal: AbortSignal.timeout(1000) });
      const { connections } = Connections.parse(await response.json());
      left = connections.map(
        ({ cid, name, subscriptions }) =>
          `NATS connection ${cid} "${name}" with ${subscriptions} subscriptions is still open`,
      );
      return left.length === 0;
    },
    { what: "all connections closed", withinMs: CLOSING_MS },
  ).catch((error: unknown) => {
    if (left.length === 0) throw error;
  });
  return left;
}
