/** Runs the command line as a process of its own, as a person does. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

/** The program that npm links as `baton`. */
export const BATON = join(import.meta.dirname, "../../bin/baton.cjs");

/** How it ended and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run that is under way. */
export interface Running {
  readonly ended: Promise<Ended>;
  /** What it wrote to standard output so far. */
  stdout(): string;
  kill(signal: NodeJS.Signals): void;
}

/** What a run gets beside its arguments. */
export interface RunOptions {
  readonly server?: string;
  readonly cwd?: string;
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Options of node itself. */
  readonly nodeOptions?: readonly string[];
}

/** Starts `baton` with nothing of our environment but PATH and HOME. */
export function startBaton(args: readonly string[], options: RunOptions = {}): Running {
  const env: Record<string, string | undefined> = {
    PATH: process.env["PATH"],
    HOME: process.env["HOME"],
    NO_COLOR: "1",
    // Not what this machine's user trusts.
    BATON_MESHES_FILE: "/nowhere/meshes",
    BATON_NATS_URL: options.server ?? "nats://127.0.0.1:1",
    ...options.env,
  };
  const child = spawn(process.execPath, [...(options.nodeOptions ?? []), BATON, ...args], {
    env,
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.stdin ?? "");
  const stdout = collect(child, "stdout");
  const stderr = collect(child, "stderr");
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      resolve({ code, signal, stdout: stdout(), stderr: stderr() });
    });
  });
  return { ended, stdout, kill: (signal) => void child.kill(signal) };
}

/** Runs it to its end. */
export function baton(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return startBaton(args, options).ended;
}

function collect(child: ChildProcess, stream: "stdout" | "stderr"): () => string {
  let text = "";
  child[stream]?.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  return () => text;
}
