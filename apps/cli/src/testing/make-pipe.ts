import { execFileSync } from "node:child_process";

const PROGRAM = "mkfifo";

/** Makes a named pipe; Node itself can't. */
export function makePipe(path: string): string {
  execFileSync(PROGRAM, [path]);
  return path;
}
