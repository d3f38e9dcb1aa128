import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, dirname, join, resolve as absolute } from "node:path";

import { eventually } from "./eventually.ts";
import { READ_TOKEN } from "./reader-token.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** How a process ended: one of the two is null. */
export interface ServiceExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A real process of an app. */
export interface SpawnedService extends AsyncDisposable {
  /** The app's folder name. */
  readonly name: string;
  readonly pid: number;
  readonly exited: Promise<ServiceExit>;
  /** What it wrote to standard output and error so far, at most the last 4 MiB. */
  output(this: void): string;
  /** Its HTTP address, once `/readyz` answers 200; rejects with its output if it ends first. */
  ready(this: void, withinMs?: number): Promise<string>;
  /** Asks it to stop, and says how it ended. */
  sigterm(this: void): Promise<ServiceExit>;
  /** Ends it without a warning. */
  sigkill(this: void): Promise<ServiceExit>;
  /** SIGTERM, then SIGKILL after `graceMs` (default 10 s); also by `await using`. */
  stop(this: void, graceMs?: number): Promise<ServiceExit>;
}

const ROOT = join(import.meta.dirname, "../../..");
const MAX_OUTPUT = 4 * 1024 * 1024;
const STOP_GRACE_MS = 10_000;
/** Only ends what hangs: beside two whole meshes that start, a process waits for a core. */
const READY_MS = 45_000;
const running = new Set<SpawnedService>();

/** The processes that this one started and that still run. */
export function runningServices(): readonly SpawnedService[] {
  return [...running];
}

/**
 * Starts `node <flags> <entry>` with `env` and nothing of our environment but PATH, HOME and TMPDIR.
 *
 * `entry` is relative to the project's root, such as `apps/coordinator/src/main.ts`. It ends when
 * this process does (BATON_EXIT_WITH_PARENT); its port is free (BATON_HTTP_PORT 0) unless given.
 */
export function spawnService(
  entry: string,
  env: Readonly<Record<string, string>> = {},
  nodeFlags: readonly string[] = [],
): SpawnedService {
  const file = absolute(ROOT, entry);
  const name = basename(dirname(dirname(file)));
  const folder = temporaryFolder(name);
  const addressFile = join(folder.path, "address");
  const child = spawn(process.execPath, [...nodeFlags, file], {
    cwd: folder.path,
    env: {
      ...inherited(),
      // Most of a service's start would go into compiling the same sources again.
      NODE_COMPILE_CACHE: join(ROOT, ".baton/cache/compile"),
      BATON_ADDRESS_FILE: addressFile,
      BATON_EXIT_WITH_PARENT: "1",
      BATON_HTTP_PORT: "0",
      BATON_READ_TOKEN: READ_TOKEN,
      ...env,
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const output = collect(child);
  const exited = new Promise<ServiceExit>((resolve) => {
    // "close" comes after the last output; "error" means that there's no process.
    child.once("close", (code, signal) => resolve({ code, signal }));
    child.once("error", () => resolve({ code: null, signal: null }));
  });
  const service = control({
    name,
    child,
    output,
    exited,
    addressFile: env["BATON_ADDRESS_FILE"] ?? addressFile,
  });
  running.add(service);
  void exited.finally(() => {
    running.delete(service);
    folder.remove();
  });
  return service;
}

interface Controlled {
  readonly name: string;
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly exited: Promise<ServiceExit>;
  readonly addressFile: string;
}

function control(service: Controlled): SpawnedService {
  const { name, child, output, exited, addressFile } = service;
  const end = (signal: NodeJS.Signals): Promise<ServiceExit> => {
    child.kill(signal);
    return exited;
  };
  const stop = async (graceMs = STOP_GRACE_MS): Promise<ServiceExit> => {
    const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
    return end("SIGTERM").finally(() => clearTimeout(timer));
  };
  return {
    name,
    pid: child.pid ?? -1,
    exited,
    output,
    async ready(withinMs = READY_MS) {
      let ended: ServiceExit | undefined;
      void exited.then((exit) => (ended = exit));
      const outcome = await eventually(async () => ended ?? (await readyAddress(addressFile)), {
        what: `${name} ready`,
        withinMs,
      }).catch((error: unknown) => {
        throw new Error(`${String(error)}; its output:\n${output()}`, { cause: error });
      });
      if (typeof outcome === "string") return outcome;
      const how = outcome.code ?? outcome.signal;
      throw new Error(`${name} ended with ${how} before it was ready; its output:\n${output()}`);
    },
    sigterm: () => end("SIGTERM"),
    sigkill: () => end("SIGKILL"),
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

async function readyAddress(addressFile: string): Promise<string> {
  const address = readFileSync(addressFile, "utf8").trim();
  const response = await fetch(`${address}/readyz`, { signal: AbortSignal.timeout(1000) });
  if (response.status !== 200) throw new Error(`HTTP ${response.status}: ${await response.text()}`);
  await response.body?.cancel();
  return address;
}

function collect(child: ChildProcess): () => string {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      text = (text + chunk).slice(-MAX_OUTPUT);
    });
  }
  // The service may be gone before we close its standard input.
  child.stdin?.on("error", () => undefined);
  return () => text;
}

function inherited(): Record<string, string> {
  const names = ["PATH", "HOME", "TMPDIR"];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
