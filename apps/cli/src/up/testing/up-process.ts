/** `baton up` as a process on a folder of the test's own; what still runs after a test is killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type MeshState, readState } from "@baton/client";
import { eventually } from "@baton/testkit";
import { afterEach, beforeEach } from "vitest";

const MAIN = join(import.meta.dirname, "../../main.ts");
const START_MS = 90_000;

let dir: string;
let running: ChildProcess[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "baton-up-"));
});

afterEach(async () => {
  await Promise.all(
    running
      .filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
      .map((child) => {
        child.kill("SIGKILL");
        return once(child, "exit");
      }),
  );
  running = [];
  rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

/** A run that is under way. */
export interface Up {
  readonly child: ChildProcess;
  readonly events: { event: string; kind?: string; service?: string; pid?: number }[];
  readonly errors: () => string;
}

/** The data folder of the test that runs. */
export function folder(): string {
  return dir;
}

/** `baton up --json` on the test's folder, on ports of its own. */
export function up(...more: string[]): Up {
  const args = ["up", "--json", "--data", dir, "--port", "0", ...more];
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  running.push(child);
  const events: Up["events"] = [];
  let errors = "";
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (text + chunk).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) events.push(JSON.parse(line));
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (errors += chunk));
  return { child, events, errors: () => errors };
}

/** Its state, as soon as everything is ready. */
export async function untilUp({ child, events, errors }: Up): Promise<MeshState> {
  const what = "the mesh is up";
  return eventually(
    () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${errors()}`);
      return events.some(({ event }) => event === "up") && readState(join(dir, "up.json"));
    },
    { what, withinMs: START_MS },
  );
}

/** True if the process runs. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie that nobody has waited for yet doesn't run any more.
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Waits until none of them runs any more. */
export async function untilGone(pids: readonly number[]): Promise<void> {
  await eventually(() => !pids.some(exists), { what: `${pids.join()} are gone`, withinMs: 30_000 });
}

/** True if the service there says that it is ready. */
export async function ready(address: string | undefined): Promise<boolean> {
  return (await fetch(`${address}/readyz`)).status === 200;
}
