/** A Git server that sends without end costs whoever asks a bounded amount of memory, disk and time. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { gitEnvironment, runGit } from "./git-process.ts";
import { readMarkOnMain, recentActions } from "./history-mark.ts";
import { openMainReader } from "./main-reader.ts";
import { mergeOnce } from "./merge-once.ts";
import { hostileServer } from "./testing/hostile-server.ts";
import { branchOf, testFolder } from "./testing/place.ts";
import { openWorktree, runBranch } from "./worktree.ts";

const MOST_BYTES = 512 * 1024 * 1024;

/** Bytes of all files below a folder. */
function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, one) => sum + (one.isFile() ? one.size : 0), 0);
}

const flood = {
  code: "E_GIT_FLOOD",
  class: "transient",
  action: expect.stringContaining("512 MiB"),
};

test(
  "refs without end: whoever reads main, and whoever works on a branch, is told that it is the remote",
  { timeout: 120_000 },
  async () => {
    const repository = await hostileServer("endless-refs");
    const remote = { repository, cacheDir: join(testFolder(), "cache") };
    await using reader = await openMainReader(remote);
    await expect(reader.head()).rejects.toMatchObject(flood);
    const of = { lane: "e", runId: "run-000000000001", today: new Date(0) };
    await expect(runBranch(remote, of)).rejects.toMatchObject(flood);
    expect(bytesIn(remote.cacheDir)).toBeLessThan(1_000_000);
  },
);

test(
  "a pack without end: its file ends at the bound, nothing of it stays, and the reader goes on when the remote is well",
  { timeout: 120_000 },
  async () => {
    const repository = await hostileServer("endless-pack");
    const remote = { repository, cacheDir: join(testFolder(), "cache") };
    await using reader = await openMainReader(remote);
    expect(await reader.head()).toBe("1".repeat(40));
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, bytesIn(remote.cacheDir))), 50);
    for (const _ of [1, 2]) await expect(reader.files("strategies")).rejects.toMatchObject(flood);
    clearInterval(watch);
    expect(most).toBeGreaterThan(MOST_BYTES / 8);
    expect(most).toBeLessThan(MOST_BYTES + 1_000_000);
    expect(bytesIn(remote.cacheDir)).toBeLessThan(1_000_000);
  },
);

test.each([
  ["reading the marks", (remote: Place) => readMarkOnMain(remote)],
  ["looking for actions", (remote: Place) => recentActions(remote, 10)],
  [
    "opening a work tree",
    (remote: Place) => openWorktree({ ...remote, branch: branchOf("run-000000000001") }),
  ],
  [
    "merging",
    (remote: Place) =>
      mergeOnce({
        ...remote,
        branch: branchOf("run-000000000001"),
        into: "main",
        stageRun: "cand-000001.live-ramp.run-000000000001",
        expectedHead: "1".repeat(40),
        subject: "Merge",
        owned: ["strategies/"],
      }),
  ],
] as const)("a pack without end while %s leaves nothing", { timeout: 60_000 }, async (_, work) => {
  const repository = await hostileServer("endless-pack");
  const remote = { repository, cacheDir: join(testFolder(), "cache") };
  await expect(work(remote)).rejects.toMatchObject(flood);
  expect(readdirSync(remote.cacheDir)).toEqual([]);
});

interface Place {
  readonly repository: string;
  readonly cacheDir: string;
}

test("an answer that drips ends with the time that one command has", async () => {
  const cwd = testFolder();
  const args = ["ls-remote", "--", await hostileServer("drip")];
  await expect(
    runGit({ args, cwd, env: gitEnvironment(cwd), timeoutMs: 500 }),
  ).rejects.toMatchObject({ code: "E_GIT_TIMEOUT", class: "transient" });
});

test("a name that no file system takes is nobody's main", async () => {
  const repository = await hostileServer("huge-name");
  await using reader = await openMainReader({ repository, cacheDir: join(testFolder(), "cache") });
  await expect(reader.head()).rejects.toMatchObject({ code: "E_GIT_NOT_FOUND" });
  await expect(reader.files("strategies")).rejects.toMatchObject({ code: "E_GIT_NOT_FOUND" });
});
