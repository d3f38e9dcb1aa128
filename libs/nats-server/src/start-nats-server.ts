/**
 * A nats-server of our own: written configuration, exclusive store, known end.
 *
 * S1 At most one server per store (nats-server itself doesn't check, and two would ruin it).
 * S2 `startNatsServer` answers when the server takes connections and JetStream is on, or it rejects
 *    and nothing is left running.
 * S3 A tied server never outlives the process that started it.
 */
import type { ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { basename, dirname, join, resolve as absolute } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { makeFolder } from "@baton/files";

import { type Claim, type Holder, tryClaim } from "./claim.ts";
import type { FoundNatsServer } from "./find-nats-server.ts";
import { allowedCpus, heldToCpu } from "./hold-to-cpu.ts";
import { messageOf, NatsServerError, shown } from "./nats-server-error.ts";
import {
  type Machine,
  renderServerConfig,
  serverCpu,
  serverEnvironment,
  type ServerSettings,
} from "./server-config.ts";
import { endOfLog, explainExit, sizeOfLog } from "./server-log.ts";
import { type ProcessExit, spawnServer, watchExit } from "./spawn-tied.ts";
import { waitUntilReady } from "./wait-until-ready.ts";

/** A nats-server that runs. */
export interface RunningNatsServer extends AsyncDisposable {
  /** Such as `nats://127.0.0.1:41233`. */
  readonly url: string;
  /** Of the monitoring endpoints; undefined unless asked for. */
  readonly monitorUrl: string | undefined;
  readonly port: number;
  readonly pid: number;
  /** As the server says in its greeting. */
  readonly version: string;
  /** Fulfilled when the process has ended, whoever ended it. */
  readonly exited: Promise<ProcessExit>;
  /** Ends it in good order, by SIGKILL after `graceMs` (default 10 s); may be called again. */
  stop(this: void, graceMs?: number): Promise<ProcessExit>;
  /** Sends a signal; `exited` tells the rest. */
  kill(this: void, signal: NodeJS.Signals): void;
}

/** What `startNatsServer` needs. */
export interface StartOptions extends ServerSettings {
  /** From `findNatsServer`. */
  readonly server: FoundNatsServer;
  /** Ends with this process, even after SIGKILL; otherwise it goes on without it. */
  readonly exitWithParent: boolean;
  /** How long recovering the store may take; default 60 s. */
  readonly readyWithinMs?: number;
  readonly signal?: AbortSignal;
}

const RETRY_MS = 50;
const STOP_GRACE_MS = 10_000;
/** Two starters that see each other may both step back once or twice; more is a real holder. */
const CLAIM_ATTEMPTS = 3;

/**
 * Starts a nats-server and answers when it's ready.
 *
 * Rejects with NatsServerError: E_STORE_IN_USE (names the process), E_PORT_IN_USE, E_NATS_SERVER
 * (with the end of its log). A store that a dying server still holds is waited for.
 */
export async function startNatsServer(options: StartOptions): Promise<RunningNatsServer> {
  const storeDir = absolute(options.storeDir);
  const logFile = absolute(options.logFile);
  const readyWithinMs = options.readyWithinMs ?? 60_000;
  const deadline = AbortSignal.timeout(readyWithinMs);
  const signal =
    options.signal === undefined ? deadline : AbortSignal.any([options.signal, deadline]);
  signal.throwIfAborted();
  const runDir = prepareFolders(storeDir, logFile);
  const claim = await claimStore(storeDir, options.exitWithParent, signal);
  const launch = { ...options, storeDir, logFile, runDir, claim, logOffset: sizeOfLog(logFile) };
  try {
    return await launchServer(launch, signal);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof NatsServerError || !deadline.aborted) throw error;
    throw new NatsServerError({
      code: "E_NATS_SERVER",
      message: `nats-server wasn't ready after ${readyWithinMs} ms; its log ${logFile} ends with:\n${endOfLog(launch)}`,
      action: "read its log; a large store needs longer to recover: raise readyWithinMs",
      cause: error,
    });
  }
}

function prepareFolders(storeDir: string, logFile: string): string {
  const runDir = join(storeDir, "run");
  try {
    makeFolder(runDir);
    makeFolder(dirname(logFile));
    return runDir;
  } catch (cause) {
    throw new NatsServerError({
      code: "E_NATS_SERVER",
      message: `the store ${shown(storeDir)} or its log can't be written: ${messageOf(cause)}`,
      action: "name folders that this user may write to",
      cause,
    });
  }
}

async function claimStore(storeDir: string, tied: boolean, signal: AbortSignal): Promise<Claim> {
  const folder = join(storeDir, "run/claims");
  for (let attempt = 1; ; attempt += 1) {
    const result = tryClaim(folder, { tied });
    if (result.ok) return result.claim;
    const { holder } = result;
    const dying = holder.tiedTo?.alive === false;
    if (signal.aborted || (!dying && attempt >= CLAIM_ATTEMPTS)) throw storeInUse(storeDir, holder);
    await delay(RETRY_MS * (0.5 + Math.random()));
  }
}

function storeInUse(storeDir: string, { pid }: Holder): NatsServerError {
  return new NatsServerError({
    code: "E_STORE_IN_USE",
    message: `the store ${shown(storeDir)} is in use by process ${pid}`,
    action: `stop that process (kill ${pid}), or name another store folder`,
  });
}

interface Launch extends StartOptions {
  readonly runDir: string;
  readonly claim: Claim;
  /** Where in the log file this start begins. */
  readonly logOffset: number;
}

/** Owns the claim: it's released when the server has ended, or at once if none was started. */
async function launchServer(launch: Launch, signal: AbortSignal): Promise<RunningNatsServer> {
  const { runDir, server, claim } = launch;
  const { child, pid, exited } = await spawnOrRelease(launch);
  claim.transfer(pid);
  const portsFile = join(runDir, `${basename(server.path)}_${pid}.ports`);
  const cleanUp = (): void => {
    rmSync(portsFile, { force: true });
    claim.release();
  };
  const ended = exited.finally(cleanUp);
  const early = new AbortController();
  try {
    const ready = waitUntilReady(portsFile, AbortSignal.any([signal, early.signal]));
    const first = await Promise.race([ready, ended]);
    if (!("url" in first)) throw await explainExit(launch, first);
    const { url, monitorUrl, info } = first;
    return running({ child, pid, exited: ended, url, monitorUrl, version: info.version });
  } catch (error) {
    child.kill("SIGKILL");
    await ended;
    throw error;
  } finally {
    early.abort();
  }
}

async function spawnOrRelease(
  launch: Launch,
): Promise<{ child: ChildProcess; pid: number; exited: Promise<ProcessExit> }> {
  const { runDir, logFile, server, claim, exitWithParent: tied } = launch;
  try {
    const machine = thisMachine();
    const config = join(runDir, "nats-server.conf");
    // It may hold credentials.
    writeFileSync(config, renderServerConfig(launch, runDir, machine), { mode: 0o600 });
    const output = openSync(logFile, "a");
    const env = serverEnvironment(process.env, machine);
    const cpu = serverCpu(env, allowedCpus());
    const plain = { file: server.path, args: ["-c", config] };
    const invocation = cpu === undefined ? plain : heldToCpu(plain, cpu);
    const child = spawnServer({ ...invocation, output, tied, env });
    closeSync(output);
    const exited = watchExit(child);
    const { pid } = child;
    if (pid !== undefined) return { child, pid, exited };
    throw await exited.then(
      () => new Error("it has no process number"),
      (error: unknown) => error,
    );
  } catch (cause) {
    claim.release();
    throw new NatsServerError({
      code: "E_NATS_SERVER",
      message: `${shown(server.path)} can't be started: ${messageOf(cause)}`,
      action: "check that the program, the store and the log file may be used by this user",
      cause,
    });
  }
}

function thisMachine(): Machine {
  const total = totalmem();
  // Absurdly large where a container has no limit of its own.
  const memoryBytes = Math.min(total, process.constrainedMemory() || total);
  return { cores: availableParallelism(), memoryBytes, openFiles: openFilesAllowed() };
}

/** nats-server raises its own limit to the hard one. */
function openFilesAllowed(): number | undefined {
  try {
    const limits = readFileSync("/proc/self/limits", "utf8");
    const hard = /^Max open files +\S+ +(\d+)/m.exec(limits)?.[1];
    return hard === undefined ? undefined : Number(hard);
  } catch {
    // Not Linux.
    return undefined;
  }
}

function running(state: {
  child: ChildProcess;
  pid: number;
  exited: Promise<ProcessExit>;
  url: string;
  monitorUrl: string | undefined;
  version: string;
}): RunningNatsServer {
  const { child, ...known } = state;
  const stop = async (graceMs = STOP_GRACE_MS): Promise<ProcessExit> => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
    return known.exited.finally(() => clearTimeout(timer));
  };
  return {
    ...known,
    port: Number(new URL(state.url).port),
    stop,
    kill: (signal) => void child.kill(signal),
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}
