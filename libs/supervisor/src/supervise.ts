/**
 * Keeps one service running: starts its process, waits until it's ready, starts it again when it ends.
 *
 * starting ── ready ──▶ ready ── process ends ──▶ waiting ── delay over ──▶ starting
 *    │ process ends: waiting; too often, or in vain ──▶ failed
 *    └ stop(), from anywhere ──▶ stopped
 *
 * W1: at most one process of a service exists at a time: the next is launched after the last has ended.
 * W2: a service that was ready once is started again for ever; one that never was is given up after a few processes.
 * W3: a service that was ready, or should be, and doesn't answer any more is killed, and so started again.
 * W4: after `stop` has resolved there's no process and none will follow.
 */
import { setTimeout as delay } from "node:timers/promises";

import { type Liveness, untilHanging } from "./liveness.ts";
import { exitInWords, type ManagedProcess, type ProcessExit } from "./managed-process.ts";
import { DEFAULT_RESTART_POLICY, restartDelay, type RestartPolicy } from "./restart-policy.ts";

/** What is to be kept running. */
export interface Service {
  readonly name: string;
  /** Starts one process. A rejection before the service was ever ready is final. Aborted when the service shall stop. */
  launch(this: void, signal: AbortSignal): Promise<ManagedProcess>;
  /** Resolves when the process does its work; rejects with why it doesn't. Aborted when the process has ended. */
  untilReady(this: void, signal: AbortSignal): Promise<void>;
  /** How to know that a process hangs; without it, only its end is noticed. */
  readonly liveness?: Liveness;
}

/** Where a service stands. */
export type ServiceState =
  | { readonly kind: "starting"; readonly process: ManagedProcess | undefined }
  | { readonly kind: "ready"; readonly process: ManagedProcess }
  | { readonly kind: "waiting"; readonly why: string }
  | { readonly kind: "failed"; readonly why: string }
  | { readonly kind: "stopped" };

/** What happened to a service. */
export type ServiceEvent = { readonly service: string } & (
  | { readonly kind: "started"; readonly pid: number }
  | { readonly kind: "ready"; readonly pid: number }
  | { readonly kind: "unready"; readonly pid: number; readonly why: string }
  | { readonly kind: "hangs"; readonly pid: number }
  | {
      readonly kind: "ended";
      readonly pid: number;
      readonly exit: ProcessExit;
      readonly restartInMs: number;
    }
  | { readonly kind: "failed"; readonly why: string }
);

/** A service under supervision. */
export interface Supervised {
  readonly name: string;
  state(this: void): ServiceState;
  /** Of the process that runs at the moment. */
  pid(this: void): number | undefined;
  /** Processes that were started after the first. */
  restarts(this: void): number;
  /** Resolves when it's ready, now or next; rejects with `ServiceFailed` when that won't happen any more. */
  whenReady(this: void): Promise<void>;
  /** Sends a signal to the running process, if there is one; the supervisor then does what it always does. */
  kill(this: void, signal: NodeJS.Signals): void;
  /** Stops it for good; SIGKILL after `graceMs`. May be called again. */
  stop(this: void, graceMs: number): Promise<void>;
}

/** A service that can't be brought up, or was stopped before it was ready. */
export class ServiceFailed extends Error {
  override readonly name = "ServiceFailed";
  readonly service: string;
  /** With which its last process ended, if it ended by itself. */
  readonly exitCode: number | undefined;

  constructor(
    service: string,
    why: string,
    options?: ErrorOptions & { exitCode?: number | undefined },
  ) {
    super(`${service} ${why}`, options);
    this.service = service;
    this.exitCode = options?.exitCode;
  }
}

interface Run {
  readonly service: Service;
  readonly policy: RestartPolicy;
  readonly tell: (event: ServiceEvent) => void;
  readonly stopping: AbortController;
  state: ServiceState;
  launches: number;
  everReady: boolean;
  /** Ends in a row that came before the service had been ready for long. */
  inARow: number;
  ready: PromiseWithResolvers<void>;
}

/** Begins to keep `service` running. Events are told as they happen. */
export function supervise(
  service: Service,
  options: {
    readonly policy?: RestartPolicy;
    readonly onEvent?: (event: ServiceEvent) => void;
  } = {},
): Supervised {
  const run: Run = {
    service,
    policy: options.policy ?? DEFAULT_RESTART_POLICY,
    tell: options.onEvent ?? (() => undefined),
    stopping: new AbortController(),
    state: { kind: "starting", process: undefined },
    launches: 0,
    everReady: false,
    inARow: 0,
    ready: expectation(),
  };
  let graceMs = 0;
  const over = keepRunning(run, () => graceMs);
  return {
    name: service.name,
    state: () => run.state,
    pid: () => processOf(run)?.pid,
    restarts: () => Math.max(0, run.launches - 1),
    whenReady: () => run.ready.promise,
    kill: (signal) => processOf(run)?.kill(signal),
    stop: async (grace) => {
      graceMs = grace;
      run.stopping.abort();
      return over;
    },
  };
}

function processOf({ state }: Run): ManagedProcess | undefined {
  return state.kind === "starting" || state.kind === "ready" ? state.process : undefined;
}

/** Somebody may or may not wait for it. */
function expectation(): PromiseWithResolvers<void> {
  const made = Promise.withResolvers<void>();
  made.promise.catch(() => undefined);
  return made;
}

async function keepRunning(run: Run, graceMs: () => number): Promise<void> {
  const { signal } = run.stopping;
  while (!signal.aborted) {
    run.state = { kind: "starting", process: undefined };
    const why = await once(run, graceMs);
    if (signal.aborted) break;
    if (why.final) {
      fail(run, why);
      return;
    }
    const restartInMs = restartDelay(run.policy, run.inARow);
    run.state = { kind: "waiting", why: why.text };
    why.tell(restartInMs);
    await delay(restartInMs, undefined, { signal }).catch(() => undefined);
  }
  run.state = { kind: "stopped" };
  run.ready.reject(new ServiceFailed(run.service.name, "was stopped"));
}

function fail(run: Run, { text: why, cause, exitCode }: Ending): void {
  const { name } = run.service;
  run.state = { kind: "failed", why };
  run.ready.reject(new ServiceFailed(name, why, { cause, exitCode }));
  run.tell({ service: name, kind: "failed", why });
}

interface Ending {
  readonly text: string;
  readonly final: boolean;
  readonly cause?: unknown;
  /** Undefined: it ended by a signal, or never began. */
  readonly exitCode?: number | undefined;
  readonly tell: (restartInMs: number) => void;
}

/** One process from its launch to its end. */
async function once(run: Run, graceMs: () => number): Promise<Ending> {
  const { service, tell, stopping } = run;
  const { name } = service;
  run.launches += 1;
  let process: ManagedProcess;
  try {
    process = await service.launch(stopping.signal);
  } catch (cause) {
    run.inARow += 1;
    const text = `can't be started: ${messageOf(cause)}`;
    return { text, final: !run.everReady, cause, tell: () => undefined };
  }
  run.state = { kind: "starting", process };
  tell({ service: name, kind: "started", pid: process.pid });
  const stop = (): void => void process.stop(graceMs());
  if (stopping.signal.aborted) stop();
  else stopping.signal.addEventListener("abort", stop, { once: true });
  const readySince = awaitReady(run, process);
  void readySince.then(() => killIfHanging(run, process));
  const exit = await process.exited;
  stopping.signal.removeEventListener("abort", stop);
  const since = await readySince;
  const steady = since !== undefined && Date.now() - since >= run.policy.steadyMs;
  run.inARow = steady ? 1 : run.inARow + 1;
  // Whoever asks from now on waits for the next process.
  if (since !== undefined) run.ready = expectation();
  return endingOf(run, process.pid, exit);
}

/** W3: from when it was ready, or was given up to be, until it ends. */
async function killIfHanging({ service, tell }: Run, process: ManagedProcess): Promise<void> {
  if (!service.liveness) return;
  const gone = new AbortController();
  void process.exited.then(() => gone.abort());
  if (!(await untilHanging(service.liveness, gone.signal))) return;
  tell({ service: service.name, kind: "hangs", pid: process.pid });
  process.kill("SIGKILL");
}

function endingOf(run: Run, pid: number, exit: ProcessExit): Ending {
  const { service, policy, everReady } = run;
  const vain = exit.code !== null && policy.finalCodes.includes(exit.code);
  return {
    text: `ended with ${exitInWords(exit)}${everReady ? "" : " before it was ready"}`,
    final: !everReady && (vain || run.launches >= policy.startAttempts),
    exitCode: exit.code ?? undefined,
    tell: (restartInMs) =>
      run.tell({ service: service.name, kind: "ended", pid, exit, restartInMs }),
  };
}

/** When it became ready; undefined if it ended before, or never did. */
async function awaitReady(run: Run, process: ManagedProcess): Promise<number | undefined> {
  const { service, tell } = run;
  const { name } = service;
  const { pid } = process;
  const gone = new AbortController();
  void process.exited.then(() => gone.abort());
  try {
    await service.untilReady(gone.signal);
    if (gone.signal.aborted) return undefined;
    run.state = { kind: "ready", process };
    run.everReady = true;
    run.ready.resolve();
    tell({ service: name, kind: "ready", pid });
    return Date.now();
  } catch (cause) {
    // The process goes on: what it waits for may still come, and a probe or a person sees that it isn't ready.
    if (!gone.signal.aborted && !run.stopping.signal.aborted) {
      const why = `isn't ready: ${messageOf(cause)}`;
      tell({ service: name, kind: "unready", pid, why });
      run.ready.reject(new ServiceFailed(name, why, { cause }));
      run.ready = expectation();
    }
    return undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
