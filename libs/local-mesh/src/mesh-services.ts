/** The plan's services as supervised processes. */
import { availableParallelism } from "node:os";
import { join } from "node:path";

import {
  answersHttp,
  awaitHttpReady,
  forgetAddress,
  letYield,
  SERVICE_NODE_FLAGS,
  type ServiceEvent,
  spawnProcess,
  supervise,
  type Supervised,
} from "@baton/supervisor";

import {
  environmentOf,
  type KnownAddresses,
  type MeshChoices,
  type Planned,
  plannedOf,
  ROOT,
  type ServiceName,
  yields,
} from "./mesh-plan.ts";
import { limitLog } from "./prepare-folder.ts";
import { openTurns } from "./turns.ts";

/** All services of a mesh. */
export interface RunningServices {
  service(this: void, name: ServiceName): Supervised;
  /** HTTP address by service, as far as they are known. */
  addresses(this: void): Record<string, string>;
  /** Resolves when all are ready; rejects with the first one's `ServiceFailed`. */
  whenReady(this: void): Promise<void>;
  /** Stops those that work on the mesh, then the engine, then the broker. */
  stop(this: void, graces: { services: number; engine: number; broker: number }): Promise<void>;
}

/** Eleven processes share two processors while they start; a store that has to be recovered takes longer. */
const READY_WITHIN_MS = 60_000;

/** Some of those that start wait for something else than a processor. */
const SPARE_TURNS = 2;

/** Starts the services in the plan's order; one that needs another's address follows when that one is ready. */
export function openServices(
  choices: MeshChoices,
  { natsUrl, onEvent }: { natsUrl: string; onEvent: (event: ServiceEvent) => void },
): RunningServices {
  const addresses = new Map<string, string>();
  const supervised = new Map<string, Supervised>();
  const service = (name: ServiceName): Supervised => {
    const found = supervised.get(name);
    if (!found) throw new Error(`${name} isn't part of the mesh`);
    return found;
  };
  const known = (): KnownAddresses => ({
    natsUrl,
    broker: addresses.get("paper-broker") ?? "",
    engine: addresses.get("paper-engine") ?? "",
  });
  const turns = openTurns(availableParallelism() + SPARE_TURNS);
  for (const [rank, planned] of plannedOf(choices).entries()) {
    const { name, needs } = planned;
    limitLog(choices.directory.logOf(name));
    let first = true;
    let endTurn = (): void => undefined;
    const launch = async (signal: AbortSignal) => {
      await orAborted(Promise.all(needs.map((needed) => service(needed).whenReady())), signal);
      // Later starts don't wait for others: those may be waiting for this one.
      if (first) endTurn = await turns.take(rank, signal);
      first = false;
      return launchOne(planned, { choices, known: known(), address: addresses.get(name) });
    };
    const untilReady = async (signal: AbortSignal): Promise<void> => {
      const addressFile = choices.directory.addressFileOf(name);
      const wanted = { addressFile, withinMs: READY_WITHIN_MS, signal };
      addresses.set(name, await awaitHttpReady(wanted).finally(endTurn));
    };
    const isAlive = (): Promise<boolean> => answersHttp(choices.directory.addressFileOf(name));
    supervised.set(
      name,
      supervise({ name, launch, untilReady, liveness: { isAlive } }, { onEvent }),
    );
  }
  return {
    service,
    addresses: () => Object.fromEntries(addresses),
    whenReady: async () => {
      await Promise.all(Array.from(supervised.values(), (one) => one.whenReady()));
    },
    stop: async (graces) => {
      const last: readonly string[] = ["paper-engine", "paper-broker"];
      const first = [...supervised.values()].filter(({ name }) => !last.includes(name));
      await Promise.all(first.map((one) => one.stop(graces.services)));
      await service("paper-engine").stop(graces.engine);
      await service("paper-broker").stop(graces.broker);
    },
  };
}

/** What a service waits for may itself be stopped later than the service. */
async function orAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  await Promise.race([work, aborted]);
}

async function launchOne(
  planned: Planned,
  of: { choices: MeshChoices; known: KnownAddresses; address: string | undefined },
) {
  const { name, entry } = planned;
  const { directory } = of.choices;
  const env = environmentOf(planned, of.choices, of.known);
  // M4: the port that the first process was given.
  const port = of.address === undefined ? undefined : new URL(of.address).port;
  forgetAddress(directory.addressFileOf(name));
  const launched = await spawnProcess({
    file: process.execPath,
    args: [...SERVICE_NODE_FLAGS, join(ROOT, entry)],
    env: { ...env, ...(port !== undefined && { BATON_HTTP_PORT: port }) },
    cwd: directory.workOf(name),
    logFile: directory.logOf(name),
  });
  if (yields(name)) letYield(launched.pid);
  return launched;
}
