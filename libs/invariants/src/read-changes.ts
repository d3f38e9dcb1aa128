import { execFile } from "node:child_process";
import { promisify } from "node:util";

import type { Change } from "./record.ts";

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const WITHIN_MS = 60_000;

/** What each step of main changed, and each commit of other branches; the first commit of all is nobody's. */
export async function readChanges(remote: string): Promise<Change[]> {
  const trailer = "%(trailers:key=Baton-Stage-Run,valueonly,separator=%x20)";
  const fence = "%(trailers:key=Baton-Fence,valueonly,separator=%x20)";
  const main = await log(remote, [
    "--first-parent",
    "-m",
    `--format=%H%x09%P%x09${trailer}%x09${fence}`,
    "refs/heads/main",
  ]);
  const branches = await log(remote, [
    "--format=%H%x09%P%x09%S",
    "--branches",
    "--not",
    "refs/heads/main",
  ]);
  const steps = main
    .filter(({ parents }) => parents !== "")
    .map(({ commit, told, paths }): Change => ({ remote, commit, by: authorOf(told), paths }));
  const others = branches.map(({ commit, told: [branch = ""], paths }): Change => {
    return { remote, commit, by: { kind: "branch", name: branch }, paths };
  });
  return [...steps, ...others];
}

/** A stage run, or the fence that a recovery puts up against its candidate's earlier dispatches. */
function authorOf([action = "", fence = ""]: readonly string[]): Change["by"] {
  if (action !== "") return { kind: "action", name: action };
  return fence === "" ? undefined : { kind: "fence", name: fence };
}

interface Logged {
  readonly commit: string;
  readonly parents: string;
  readonly told: readonly string[];
  readonly paths: string[];
}

async function log(remote: string, what: readonly string[]): Promise<Logged[]> {
  const args = ["--git-dir", remote, "log", "-z", "--raw", "--no-renames", ...what, "--"];
  const { stdout } = await run("git", args, {
    maxBuffer: MAX_OUTPUT_BYTES,
    timeout: WITHIN_MS,
    env: {
      PATH: process.env["PATH"],
      LC_ALL: "C",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
    },
  });
  const commits: Logged[] = [];
  const fields = stdout.split("\0");
  for (let index = 0; index < fields.length; index += 1) {
    const field = (fields[index] ?? "").trimStart();
    if (field.startsWith(":")) {
      // `:mode mode hash hash letter`, then the path.
      commits.at(-1)?.paths.push(fields[(index += 1)] ?? "");
    } else if (field !== "") {
      const [commit = "", parents = "", ...told] = field.split("\t");
      commits.push({ commit, parents, told: told.map((one) => one.trim()), paths: [] });
    }
  }
  return commits;
}
