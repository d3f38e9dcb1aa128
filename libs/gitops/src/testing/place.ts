/** Real repositories in a folder of their own, for tests. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { onTestFinished } from "vitest";

import { createBareRepository } from "../bare-repository.ts";
import { openWorktree } from "../worktree.ts";

/** A folder that is gone after the test. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "baton-gitops-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** A bare repository with two files, and a cache folder. */
export async function testRemote() {
  const folder = testFolder();
  const repository = join(folder, "gitops.git");
  await createBareRepository(repository, {
    initialFiles: { "README.md": "strategies\n", "strategies/first.yaml": "level: L0\n" },
  });
  return { folder, repository, cacheDir: join(folder, "cache") };
}

export type TestRemote = Awaited<ReturnType<typeof testRemote>>;

/** What git says, asked without any of our code. */
export function git(repository: string, ...args: string[]): string {
  return execFileSync("git", ["-C", repository, ...args], { stdio: "pipe" })
    .toString()
    .trim();
}

/** Name of lane E's branch for `runId`. */
export function branchOf(runId: string, lane = "e"): string {
  return `codex/torghut-v3-${lane}-20260105-${runId}`;
}

/** A pushed branch with one changed file; the request that merges it. */
export async function pushedBranch(
  remote: TestRemote,
  runId: string,
  file = { path: `strategies/${runId}.yaml`, content: "level: L0\n" },
) {
  const branch = branchOf(runId);
  await using tree = await openWorktree({ ...remote, branch });
  const expectedHead = await tree.commitFiles({
    files: { [file.path]: file.content },
    message: `Change ${file.path}`,
  });
  await tree.push();
  return {
    ...remote,
    branch,
    into: "main" as const,
    stageRun: `cand-000001.shadow-paper.${runId}`,
    expectedHead,
    owned: ["strategies/*.yaml"],
    subject: `Roll out ${runId}`,
  };
}

/** Commits on main, newest first, whose trailer names `action`. */
export function commitsOf(repository: string, action: string): string[] {
  const format = "--format=%H%x09%(trailers:key=Baton-Stage-Run,valueonly,separator=%x09)";
  return git(repository, "log", "main", format)
    .split("\n")
    .filter((line) => line.split("\t").includes(action));
}
