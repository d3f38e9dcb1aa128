/** Every process of the mesh as it says it is, and what whoever started them here knows of them. */
import type { ServiceHealth } from "@baton/contracts";
import { askHealth, SERVICES } from "@baton/mesh";
import { z } from "zod";

import type { MeshState } from "../here/up-state.ts";
import type { Session } from "../session/session.ts";

/** Longest wait for the answers, in milliseconds. */
const ANSWER_MS = 2000;

/** The paper broker takes no part in the mesh: it's asked by HTTP, where its address is known. */
const BROKER = "paper-broker";

/** It says nothing of itself; that it answers is known. */
const SERVER = "nats-server";

/** A check of a process. */
export type HealthCheck = ServiceHealth["checks"][number];

/** What is known of a service. */
export interface ServiceView {
  readonly name: string;
  /** Those of its processes that answered. */
  readonly processes: readonly ProcessView[];
  /** What `baton up` knows of it; undefined if something else runs the mesh. */
  readonly up: UpView | undefined;
}

/** A process that answered; null: it doesn't say. */
export interface ProcessView extends Pick<ServiceHealth, "host" | "ready" | "checks"> {
  readonly pid: number | null;
  readonly startedAt: string | null;
}

/** A service under `baton up`. */
interface UpView {
  /** Undefined while there is no process. */
  readonly pid: number | undefined;
  readonly restarts: number;
  /** Since when the process runs; undefined where that isn't known. */
  readonly startedAt: string | undefined;
  /** True until that process is ready for the first time. */
  readonly isStarting: boolean;
  /** Latest ends that nobody asked for, the last one last. */
  readonly faults: readonly { readonly time: string; readonly how: string }[];
}

/** One kind of process that signs in to the mesh. */
type ServiceName = (typeof SERVICES)[number];

/** Those of `names`; one that doesn't answer makes it wait for two seconds. */
export async function readSome(
  session: Pick<Session, "nc" | "address">,
  names: readonly ServiceName[],
): Promise<readonly ServiceView[]> {
  const answers = await askHealth(session.nc, names, ANSWER_MS);
  return names.map((name) => viewOf(session.address.up, name, answers.get(name)));
}

/** All services that make a mesh, in the order in which they're told. */
export async function readServices(
  session: Pick<Session, "nc" | "address">,
): Promise<readonly ServiceView[]> {
  const { up } = session.address;
  const [answers, broker] = await Promise.all([
    askHealth(session.nc, SERVICES, ANSWER_MS),
    up === undefined ? undefined : askBroker(up),
  ]);
  const views = SERVICES.map((name) => viewOf(up, name, answers.get(name)));
  const all = [viewOf(up, SERVER, [serverView(session)]), ...views];
  return broker === undefined ? all : [...all, viewOf(up, BROKER, broker)];
}

/** Whoever asks is connected to it. */
function serverView({ nc, address: { up } }: Pick<Session, "nc" | "address">): ProcessView {
  return {
    host: nc.info?.host ?? "",
    pid: up?.pids[SERVER] ?? null,
    startedAt: up?.runs?.[SERVER]?.startedAt ?? null,
    ready: true,
    checks: [],
  };
}

function viewOf(
  up: MeshState | undefined,
  name: string,
  processes: ServiceView["processes"] = [],
): ServiceView {
  return { name, processes, up: upView(up, name) };
}

function upView(up: MeshState | undefined, name: string): UpView | undefined {
  if (up === undefined) return undefined;
  const run = up.runs?.[name];
  return {
    pid: up.pids[name],
    restarts: run?.restarts ?? 0,
    startedAt: run?.startedAt,
    isStarting: run?.readyAt === null,
    faults: run?.faults ?? [],
  };
}

const Readyz = z.object({
  ready: z.boolean(),
  checks: z
    .array(z.object({ name: z.string(), ok: z.boolean(), reason: z.string().nullable() }))
    .max(50),
});

async function askBroker({ addresses, pids, runs }: MeshState): Promise<ServiceView["processes"]> {
  const address = addresses[BROKER];
  const pid = pids[BROKER];
  if (address === undefined || pid === undefined) return [];
  try {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const { ready, checks } = Readyz.parse(
      await (await fetch(`${address}/readyz`, { signal })).json(),
    );
    const startedAt = runs?.[BROKER]?.startedAt ?? null;
    return [{ host: "localhost", pid, startedAt, ready, checks }];
  } catch {
    return [];
  }
}
