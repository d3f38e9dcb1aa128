import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";

import { expect, test, vi } from "vitest";

import { mergeOnce } from "./merge-once.ts";
import { assertOwnedPaths } from "./owned-paths.ts";
import { STALE_LOCK_MS } from "./stale-locks.ts";
import { branchOf, git, pushedBranch, testRemote } from "./testing/place.ts";
import { openWorktree, runBranch } from "./worktree.ts";

// Real git commands: on a busy machine they take their time.
vi.setConfig({ testTimeout: 30_000 });

const change = (content: string) => ({
  files: { "strategies/mine.yaml": content },
  message: "Change mine",
});

test("files are committed, checked out, pushed, and the worktree leaves nothing behind", async () => {
  const remote = await testRemote();
  const branch = branchOf("run-000001");
  {
    await using tree = await openWorktree({ ...remote, branch });
    expect(tree.base).toBe(git(remote.repository, "rev-parse", "main"));
    const head = await tree.commitFiles(change("a: 1\n"));
    expect(readFileSync(join(tree.dir, "strategies/mine.yaml"), "utf8")).toBe("a: 1\n");
    expect(await tree.changedPaths(["strategies/*.yaml"])).toEqual(["strategies/mine.yaml"]);
    expect(await tree.push()).toBe(head);
    expect(git(remote.repository, "rev-parse", branch)).toBe(head);
    const removed = await tree.commitFiles({
      files: { "strategies/mine.yaml": null },
      message: "Take it away",
    });
    expect(removed).not.toBe(head);
    expect(existsSync(join(tree.dir, "strategies/mine.yaml"))).toBe(false);
  }
  expect(readdirSync(remote.cacheDir)).toEqual([]);
});

test("a repeated stage run goes on where its branch stands and adds nothing", async () => {
  const remote = await testRemote();
  const { branch, expectedHead } = await pushedBranch(remote, "run-000001");
  await using again = await openWorktree({ ...remote, branch });
  expect(await again.head()).toBe(expectedHead);
  const same = await again.commitFiles({
    files: { "strategies/run-000001.yaml": "level: L0\n" },
    message: "Again",
  });
  expect(same).toBe(expectedHead);
  expect(await again.push()).toBe(expectedHead);
});

test("a repeated stage run finds its branch after midnight", async () => {
  const remote = await testRemote();
  const of = { lane: "lane-e", runId: "run-000001", today: new Date("2026-01-06T00:00:01Z") };
  expect(await runBranch(remote, of)).toBe("codex/torghut-v3-e-20260106-run-000001");
  const { branch } = await pushedBranch(remote, "run-000001");
  expect(await runBranch(remote, of)).toBe(branch);
  expect(await runBranch(remote, { ...of, lane: "b" })).toContain("v3-b-20260106");
});

test("a branch that main contains starts again at main, and its push is still a fast-forward", async () => {
  const remote = await testRemote();
  const request = await pushedBranch(remote, "run-000001");
  const { commit } = await mergeOnce(request);
  await using tree = await openWorktree({ ...remote, branch: request.branch });
  expect(await tree.head()).toBe(commit);
  await tree.commitFiles(change("b: 2\n"));
  await tree.push();
});

test("two attempts with the same files share the first one's commit; with others the second is refused", async () => {
  const remote = await testRemote();
  const branch = branchOf("run-000001");
  await using first = await openWorktree({ ...remote, branch });
  await using second = await openWorktree({ ...remote, branch });
  await using third = await openWorktree({ ...remote, branch });
  const head = await first.commitFiles({ ...change("a: 1\n"), message: "First" });
  await second.commitFiles({ ...change("a: 1\n"), message: "Second" });
  await third.commitFiles(change("a: 2\n"));
  expect(await first.push()).toBe(head);
  expect(await second.push()).toBe(head);
  expect(await second.head()).toBe(head);
  await expect(third.push()).rejects.toMatchObject({ code: "E_GIT_MOVED", class: "transient" });
});

test.each([
  "--upload-pack=x",
  "-b",
  "x$(id)",
  "@",
  "ünï",
  "a..b",
  "main",
  "codex/torghut-v3-g-20260105-run-000001",
  "codex/torghut-v3-e-2026-run-000001",
  "codex/torghut-v3-e-20260105-run",
  "codex/torghut-v3-e-20260105-run-000001.lock",
  "codex/torghut-v3-e-20260105-run-000001\n",
])("the branch name %j is refused", async (branch) => {
  const remote = { repository: "/nowhere", cacheDir: "/nowhere" };
  await expect(openWorktree({ ...remote, branch })).rejects.toMatchObject({
    code: "E_GIT_INVALID",
    class: "deterministic",
    message: expect.stringContaining("codex/torghut-v3-"),
  });
});

test("a base must be an exact commit that is there and that the branch started at", async () => {
  const remote = await testRemote();
  const main = git(remote.repository, "rev-parse", "main");
  const branch = branchOf("run-000001");
  for (const base of ["main", main.slice(0, 10), "HEAD~0", `${main} `])
    await expect(openWorktree({ ...remote, branch, base })).rejects.toMatchObject({
      code: "E_GIT_INVALID",
      message: expect.stringContaining("40 hex"),
    });
  await expect(openWorktree({ ...remote, branch, base: "f".repeat(40) })).rejects.toMatchObject({
    code: "E_GIT_NOT_FOUND",
  });
  const { expectedHead: elsewhere } = await pushedBranch(remote, "run-000004");
  await expect(openWorktree({ ...remote, branch, base: elsewhere })).rejects.toMatchObject({
    code: "E_GIT_NOT_FOUND",
  });
  await mergeOnce(await pushedBranch(remote, "run-000002"));
  await pushedBranch(remote, "run-000003");
  await using old = await openWorktree({ ...remote, branch, base: main });
  expect(await old.commitFiles(change("a: 1\n"))).toMatch(/^[0-9a-f]{40}$/);
  await old.push();
  const later = git(remote.repository, "rev-parse", "main");
  await expect(openWorktree({ ...remote, branch, base: later })).rejects.toMatchObject({
    code: "E_GIT_BASE",
  });
});

test("paths that lead elsewhere are refused before anything is written", async () => {
  const remote = await testRemote();
  await using tree = await openWorktree({ ...remote, branch: branchOf("run-000001") });
  const head = await tree.head();
  const paths = [
    "../x",
    "/etc/x",
    ".git/config",
    "a/../b",
    "a\\b",
    "a//b",
    "-x",
    "a/\n",
    "x\0",
    "",
  ];
  for (const path of paths)
    await expect(
      tree.commitFiles({ files: { [path]: "x" }, message: "Try it" }),
    ).rejects.toMatchObject({ code: "E_GIT_INVALID", class: "deterministic" });
  expect(await tree.head()).toBe(head);
});

test("a message can't forge the trailer that a merge is recognised by", async () => {
  const remote = await testRemote();
  await using tree = await openWorktree({ ...remote, branch: branchOf("run-000001") });
  const message = "Nice\n\nBaton-Stage-Run: cand-000001.live-ramp.run-000001";
  await expect(tree.commitFiles({ ...change("x"), message })).rejects.toMatchObject({
    code: "E_GIT_INVALID",
  });
});

test("a change outside the owned surfaces is refused as policy", async () => {
  const remote = await testRemote();
  await using tree = await openWorktree({ ...remote, branch: branchOf("run-000001") });
  await tree.commitFiles({
    files: { "README.md": "mine now\n", "strategies/a.yaml": "a: 1\n" },
    message: "Take more than is mine",
  });
  await expect(tree.changedPaths(["strategies/*.yaml"])).rejects.toMatchObject({
    code: "E_SURFACE",
    class: "policy",
    message: expect.stringContaining("README.md"),
  });
  expect(() => assertOwnedPaths(["strategies/a/b.yaml"], ["strategies/*.yaml"])).toThrow(/owned/);
  expect(() => assertOwnedPaths(["strategies/.hidden.yaml"], ["strategies/x*.yaml"])).toThrow(
    /hidden/,
  );
  expect(() => assertOwnedPaths(["x"], [])).toThrow(/owned: none/);
  assertOwnedPaths(["lib/a/b/c.ts", "strategies/a.yaml"], ["lib/**", "strategies/*.yaml"]);
});

test("clones of killed processes are swept away; those of living ones, and other folders, stay", async () => {
  const remote = await testRemote();
  const dead = spawnSync("true").pid;
  const host = hostname().replaceAll(/[^A-Za-z0-9-]/g, "-");
  const leftover = join(remote.cacheDir, `scratch.${host}.${dead}.0123abcd`);
  const living = join(remote.cacheDir, `scratch.${host}.${process.ppid}.0123abcd`);
  const elsewhere = join(remote.cacheDir, `scratch.another-pod.1.0123abcd`);
  const other = join(remote.cacheDir, "other");
  for (const folder of [leftover, living, elsewhere, other]) {
    mkdirSync(join(folder, "tree/.git"), { recursive: true });
    writeFileSync(join(folder, "tree/.git/index.lock"), "");
  }
  await using tree = await openWorktree({ ...remote, branch: branchOf("run-000001") });
  expect(existsSync(tree.dir)).toBe(true);
  expect(existsSync(leftover)).toBe(false);
  for (const folder of [living, elsewhere, other]) expect(existsSync(folder)).toBe(true);
});

test("a lock that a killed git left refuses one push of a branch, and none once it is older than any command of ours", async () => {
  const remote = await testRemote();
  const branch = branchOf("run-000001");
  await using tree = await openWorktree({ ...remote, branch });
  await tree.commitFiles(change("a: 1\n"));
  const lock = join(remote.repository, `refs/heads/${branch}.lock`);
  mkdirSync(dirname(lock), { recursive: true });
  writeFileSync(lock, "");
  const aged = (ms: number) => utimesSync(lock, new Date(), new Date(Date.now() - ms));
  aged(STALE_LOCK_MS - 30_000);
  for (const _ of ["one", "another"])
    await expect(tree.push()).rejects.toMatchObject({ code: "E_GIT_LOCKED", class: "transient" });
  aged(STALE_LOCK_MS + 1000);
  await expect(tree.push()).rejects.toMatchObject({ code: "E_GIT_LOCKED" });
  await tree.push();
  expect(git(remote.repository, "rev-parse", branch)).toBe(await tree.head());
});
