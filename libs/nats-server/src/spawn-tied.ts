import { type ChildProcess, spawn } from "node:child_process";
import type { Writable } from "node:stream";

/** How a process ended: one of the two is null. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * The shell leaves a small watcher behind and becomes the program itself, so the program's process
 * number is known at once and there's no moment in which it runs unwatched. The watcher reads from
 * a pipe that this process holds: at its end without a line (we're gone, however that came) it
 * ends the program, for good after 3 s. A line says that there's nothing to do any more.
 */
const TIED = `(
  trap '' HUP INT TERM
  read -r _ <&3 && exit
  kill -TERM $$ 2>/dev/null
  for _ in 1 2 3; do sleep 1; kill -0 $$ 2>/dev/null || exit; done
  kill -KILL $$ 2>/dev/null
) >/dev/null 2>&1 &
exec "$0" "$@" 3<&-`;

/**
 * Starts a program in a session of its own, with its output in `output` (a file descriptor).
 *
 * A session of its own: Ctrl-C in a terminal reaches only us, and we decide when it stops. `tied`:
 * it ends when this process does, even by SIGKILL (not on Windows, which has no `sh`). Otherwise it
 * outlives this process.
 */
export function spawnServer(options: {
  file: string;
  args: readonly string[];
  output: number;
  tied: boolean;
  /** Default: this process's. */
  cwd?: string;
  /** Default: this process's. */
  env?: NodeJS.ProcessEnv;
}): ChildProcess {
  const { file, args, output, tied, cwd, env } = options;
  if (!tied || process.platform === "win32") {
    const child = spawn(file, args, {
      detached: true,
      stdio: ["ignore", output, output],
      cwd,
      env,
    });
    if (!tied) child.unref();
    return child;
  }
  const child = spawn("/bin/sh", ["-c", TIED, file, ...args], {
    detached: true,
    stdio: ["ignore", output, output, "pipe"],
    cwd,
    env,
  });
  const pipe = child.stdio[3];
  if (pipe && isWritable(pipe)) {
    pipe.on("error", () => undefined); // The watcher may have been killed too.
    child.once("exit", () => pipe.end("\n", () => pipe.destroy()));
  }
  return child;
}

/** Fulfilled when the process has ended; rejects if it could not be started. */
export function watchExit(child: ChildProcess): Promise<ProcessExit> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
}

function isWritable(stream: object): stream is Writable {
  return "write" in stream;
}
