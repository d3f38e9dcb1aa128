/** `baton restart SERVICE`: ends a process of the mesh that `baton up` runs; `up` starts the next one. */
import { setTimeout as delay } from "node:timers/promises";

import { findServer, isRunning, type MeshState, readState } from "@baton/client";
import { askForEnd } from "@baton/local-mesh";
import { answersAsNats } from "@baton/nats-server";
import { note, print } from "@baton/terminal";
import { nearest } from "@baton/text/nearest";
import { UserError, EXIT } from "@baton/text/user-error";
import { durationText } from "@baton/views";

import type { Globals } from "../globals.ts";

/** A service stops within ten seconds; who hasn't then hangs. */
const GRACE_MS = 12_000;
/** Longest time until the next process is there and ready. */
const READY_MS = 60_000;
const LOOK_MS = 100;
const ANSWER_MS = 1000;

/** Restarts one service and waits until it's ready again. */
export async function restartService(service: string, globals: Globals): Promise<void> {
  const { up } = findServer(globals, process.env);
  if (up === undefined) throw notHere();
  const pid = up.pids[service] ?? (service in (up.runs ?? {}) ? undefined : unknown(service, up));
  const startedMs = performance.now();
  const stateFile = `${up.dataDir}/up.json`;
  if (pid !== undefined) {
    const unsaid = askForEnd(up.dataDir, service, pid);
    if (unsaid !== undefined) note(`its end will be counted as a fault of its own: ${unsaid}`);
    await end(service, pid, await answers(up, service));
  }
  const next = await awaitNext(stateFile, { service, pid });
  const took = durationText(performance.now() - startedMs);
  await print(
    globals.format,
    { service, before: pid ?? null, pid: next },
    () => `${service} is ready again as process ${next}, after ${took}\n`,
  );
}

/** One that is frozen can't stop by itself. */
async function end(service: string, pid: number, answering: boolean): Promise<void> {
  signal(pid, "SIGTERM");
  const until = performance.now() + (answering ? GRACE_MS : 0);
  while (isRunning(pid) && performance.now() < until) await delay(LOOK_MS);
  if (!isRunning(pid)) return;
  note(`${service} (process ${pid}) doesn't stop by itself; it's killed`);
  signal(pid, "SIGKILL");
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "EPERM")) return;
    throw new UserError({
      code: "E_DENIED",
      exit: EXIT.notAuthorised,
      message: `process ${pid} belongs to another user`,
      rule: "who runs `baton up` restarts its services",
      action: "Ask that user, or do it as that user.",
      cause,
    });
  }
}

async function awaitNext(
  stateFile: string,
  before: { readonly service: string; readonly pid: number | undefined },
): Promise<number> {
  const { service } = before;
  const until = performance.now() + READY_MS;
  while (performance.now() < until) {
    const state = readState(stateFile);
    const pid = state?.pids[service];
    if (state && pid !== undefined && pid !== before.pid && (await isReady(state, service)))
      return pid;
    await delay(LOOK_MS);
  }
  throw new UserError({
    code: "E_UNAVAILABLE",
    exit: EXIT.unavailable,
    message: `${service} isn't ready ${READY_MS / 1000} s after it was ended`,
    action: "`baton get services` says why; `baton up` goes on starting it.",
  });
}

async function isReady(state: MeshState, service: string): Promise<boolean> {
  return (await ask(state, service, "readyz"))?.ok === true;
}

async function answers(state: MeshState, service: string): Promise<boolean> {
  return (await ask(state, service, "livez")) !== undefined;
}

/** nats-server has no address there: it counts as well as long as it greets. */
async function ask(
  { addresses, natsUrl }: MeshState,
  service: string,
  path: "livez" | "readyz",
): Promise<{ readonly ok: boolean } | undefined> {
  const address = addresses[service];
  if (address === undefined)
    return (await answersAsNats(natsUrl, ANSWER_MS)) ? { ok: true } : undefined;
  try {
    const response = await fetch(`${address}/${path}`, { signal: AbortSignal.timeout(ANSWER_MS) });
    await response.body?.cancel();
    return { ok: response.ok };
  } catch {
    return undefined;
  }
}

function unknown(service: string, up: MeshState): never {
  const names = Object.keys(up.runs ?? up.pids);
  const meant = nearest(service, names);
  throw new UserError({
    code: "E_NOT_FOUND",
    exit: EXIT.notFound,
    message: "there is no such service",
    value: service,
    rule: `one of ${names.join(", ")}`,
    action: meant === undefined ? "Name one of these." : `Did you mean ${meant}?`,
  });
}

function notHere(): UserError {
  return new UserError({
    code: "E_NOT_FOUND",
    exit: EXIT.notFound,
    message: "no mesh of `baton up` runs here, or another server is meant",
    rule: "this ends a process of this machine, which `baton up` starts again",
    action: "Elsewhere restart the service with what runs it there (systemd, Kubernetes).",
  });
}
