/** The command line as a process of its own, as people and pipelines run it. */
import { execFile } from "node:child_process";
import { join } from "node:path";

import type { TestNats } from "@baton/testkit";

const BATON = join(import.meta.dirname, "../../../apps/cli/bin/baton.cjs");

/** How a run ended. */
export interface BatonRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `baton` against a server, with nothing of our environment but PATH and HOME. */
export function runBaton(
  nats: TestNats,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<BatonRun> {
  const env = {
    PATH: process.env["PATH"],
    HOME: process.env["HOME"],
    BATON_NATS_URL: nats.url,
    BATON_NATS_SEED_FILE: nats.seedFileOf("cli"),
    ...more,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [BATON, ...args], { env }, (error, stdout, stderr) => {
      const code = error ? Number(error.code ?? -1) : 0;
      resolve({ code, stdout, stderr });
    });
  });
}
