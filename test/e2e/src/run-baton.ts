/** The command line as a process of its own, as people and pipelines run it. */
import { execFile } from "node:child_process";
import { join } from "node:path";

const BATON = join(import.meta.dirname, "../../../apps/cli/bin/baton.cjs");

/** How a run ended. */
export interface BatonRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `baton` against a server, with nothing of our environment but PATH and HOME. */
export function runBaton(url: string, args: readonly string[]): Promise<BatonRun> {
  const env = { PATH: process.env["PATH"], HOME: process.env["HOME"], BATON_NATS_URL: url };
  return new Promise((resolve) => {
    execFile(process.execPath, [BATON, ...args], { env }, (error, stdout, stderr) => {
      const code = error ? Number(error.code ?? -1) : 0;
      resolve({ code, stdout, stderr });
    });
  });
}
