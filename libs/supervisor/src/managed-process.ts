/** A process that somebody watches over. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";

/** How a process ended: one of the two is null. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running process, whatever kind of program it is. */
export interface ManagedProcess {
  readonly pid: number;
  /** Fulfilled when the process has ended, whoever ended it. */
  readonly exited: Promise<ProcessExit>;
  /** Sends a signal; does nothing once the process has ended. */
  kill(this: void, signal: NodeJS.Signals): void;
  /** Sends SIGTERM, and SIGKILL after `graceMs`. */
  stop(this: void, graceMs: number): Promise<ProcessExit>;
}

/** What a process is started with. */
export interface ProcessStart {
  readonly file: string;
  readonly args: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Its standard output and error are appended to this file. */
  readonly logFile: string;
}

/**
 * Starts a program in a session of its own, so that Ctrl-C in a terminal reaches only us and we decide the order in which
 * things stop. Its standard input is a pipe that the kernel closes when we are gone, however that came: a program that
 * watches it never outlives us. Rejects if the program can't be started.
 */
export async function spawnProcess(start: ProcessStart): Promise<ManagedProcess> {
  const log = openSync(start.logFile, "a", 0o600);
  let child: ChildProcess;
  try {
    child = spawn(start.file, start.args, {
      cwd: start.cwd,
      env: start.env,
      detached: true,
      stdio: ["pipe", log, log],
    });
  } finally {
    closeSync(log);
  }
  // It may be gone before we close our end of the pipe.
  child.stdin?.on("error", () => undefined);
  const exited = new Promise<ProcessExit>((resolve) => {
    child.once("exit", (code, signal) => {
      child.stdin?.destroy();
      resolve({ code, signal });
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${start.file} has no process number`);
  return {
    pid,
    exited,
    kill: (signal) => void child.kill(signal),
    stop: async (graceMs) => {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
      return exited.finally(() => clearTimeout(timer));
    },
  };
}

/** An exit in words, such as `code 3` or `SIGKILL`. */
export function exitInWords({ code, signal }: ProcessExit): string {
  return signal ?? `code ${code}`;
}
