import { execFile } from "node:child_process";
import { promisify } from "node:util";

import type { Action } from "./record.ts";

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const WITHIN_MS = 60_000;

/** Every commit in main's history that says which action it is, from the bare repository itself. */
export async function readActions(remote: string): Promise<Action[]> {
  const format = "--format=%H%x09%(trailers:key=Baton-Stage-Run,valueonly,separator=%x09)";
  const { stdout } = await run(
    "git",
    ["--git-dir", remote, "log", format, "refs/heads/main", "--"],
    {
      maxBuffer: MAX_OUTPUT_BYTES,
      timeout: WITHIN_MS,
      env: {
        PATH: process.env["PATH"],
        LC_ALL: "C",
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_CONFIG_GLOBAL: "/dev/null",
      },
    },
  );
  return stdout.split("\n").flatMap((line) => {
    const [commit = "", ...actions] = line.split("\t");
    return actions.filter((action) => action !== "").map((action) => ({ remote, commit, action }));
  });
}
