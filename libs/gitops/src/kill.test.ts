import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import { mergeOnce } from "./merge-once.ts";
import { removeStaleLocks } from "./stale-locks.ts";
import { commitsOf, git, pushedBranch, testRemote } from "./testing/place.ts";

/** Ids of the living processes that `pid` started, and those they started. */
function descendants(pid: number): number[] {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "utf8");
        return [[Number(name), Number(stat.split(") ")[1]?.split(" ")[1])] as const];
      } catch {
        return [];
      }
    });
  const children = parents.filter(([, parent]) => parent === pid).map(([child]) => child);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

const program = fileURLToPath(new URL("testing/merge-once-child.ts", import.meta.url));

async function startAndKill(request: object, afterMs: number, withGit: boolean): Promise<void> {
  const child = spawn(process.execPath, [program, JSON.stringify(request)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  await Promise.race([delay(afterMs), ended]);
  const victims = withGit && child.pid !== undefined ? descendants(child.pid) : [];
  child.kill("SIGKILL");
  for (const pid of victims) kill(pid);
  await ended;
}

test.each([
  ["its git commands go on alone", false],
  ["its git commands are killed with it", true],
])(
  "J4: killed at random moments (%s), exactly one merge comes out",
  { timeout: 60_000 },
  async (_, withGit) => {
    const remote = await testRemote();
    const request = await pushedBranch(remote, "run-000001");
    for (let round = 0; round < 7; round += 1)
      await startAndKill(request, Math.random() * 160, withGit);
    // A killed git may leave its lock in the remote; nobody waits for its age here.
    await removeStaleLocks(remote.repository, Date.now() + 3_600_000);
    const last = await mergeOnce(request);
    expect(commitsOf(remote.repository, request.stageRun)).toHaveLength(1);
    const marker = `refs/baton/stage-runs/${request.stageRun}`;
    expect(git(remote.repository, "rev-parse", marker)).toBe(last.commit);
    expect(git(remote.repository, "fsck", "--strict")).not.toMatch(/error|missing/);
  },
);
