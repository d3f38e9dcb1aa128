import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test, vi } from "vitest";

import { findActions } from "./action-ledger.ts";
import { openMainReader } from "./main-reader.ts";
import { mergeOnce } from "./merge-once.ts";
import { revertOnce } from "./revert-once.ts";
import { branchOf, commitsOf, git, pushedBranch, testRemote } from "./testing/place.ts";
import { openWorktree } from "./worktree.ts";

// Real git commands: on a busy machine they take their time.
vi.setConfig({ testTimeout: 30_000 });

test("J4: a second merge of the same stage run finds the first and changes nothing", async () => {
  const remote = await testRemote();
  const request = await pushedBranch(remote, "run-000001");
  expect(await findActions(remote, [request.stageRun])).toEqual([]);
  const first = await mergeOnce(request);
  const main = git(remote.repository, "rev-parse", "main");
  expect(first).toMatchObject({ effect: "done", commit: main, head: request.expectedHead });
  expect(await mergeOnce(request)).toEqual({ ...first, effect: "already" });
  const unknown = "cand-000001.live-ramp.run-000001";
  const [found, ...others] = await findActions(remote, [unknown, request.stageRun]);
  expect([{ ...found, effect: "done" }, others]).toEqual([first, []]);
  expect(git(remote.repository, "rev-parse", "main")).toBe(main);
});

test("J4: of four callers at once exactly one merges, the others are told that it has happened", async () => {
  const remote = await testRemote();
  const request = await pushedBranch(remote, "run-000001");
  const receipts = await Promise.all(Array.from({ length: 4 }, () => mergeOnce(request)));
  expect(receipts.map(({ effect }) => effect).toSorted()).toEqual([
    "already",
    "already",
    "already",
    "done",
  ]);
  expect(new Set(receipts.map(({ commit }) => commit)).size).toBe(1);
  expect(commitsOf(remote.repository, request.stageRun)).toHaveLength(1);
});

test("six candidates that merge at the same time all get in, each once", async () => {
  const remote = await testRemote();
  const runs = Array.from({ length: 6 }, (_, index) => `run-00000${index}`);
  const requests = await Promise.all(runs.map((run) => pushedBranch(remote, run)));
  const receipts = await Promise.all(requests.map((request) => mergeOnce(request)));
  expect(receipts.every(({ effect }) => effect === "done")).toBe(true);
  for (const { stageRun } of requests)
    expect(commitsOf(remote.repository, stageRun)).toHaveLength(1);
  await using reader = await openMainReader(remote);
  expect((await reader.files("strategies")).files.size).toBe(7);
});

test("only main's own commits count: a trailer inside a merged branch is no merge", async () => {
  const remote = await testRemote();
  const forged = "cand-000001.live-ramp.run-000001";
  const clone = join(remote.folder, "clone");
  mkdirSync(clone);
  git(clone, "clone", "--quiet", remote.repository, ".");
  const commit = ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "--quiet"];
  git(clone, ...commit, "--allow-empty", "-m", `Sly\n\nBaton-Stage-Run: ${forged}`);
  git(clone, "push", "--quiet", "origin", `HEAD:refs/heads/${branchOf("run-000001")}`);
  const expectedHead = git(clone, "rev-parse", "HEAD");
  const request = {
    ...remote,
    branch: branchOf("run-000001"),
    into: "main" as const,
    stageRun: "cand-000001.shadow-paper.run-000001",
    expectedHead,
    owned: [],
    subject: "Merge it",
  };
  expect((await mergeOnce(request)).effect).toBe("done");
  expect(await findActions(remote, [forged])).toEqual([]);
});

test("a head that moved after the gate is refused, and named", async () => {
  const remote = await testRemote();
  const request = await pushedBranch(remote, "run-000001");
  const late = await pushedBranch(remote, "run-000001", {
    path: "strategies/late.yaml",
    content: "x\n",
  });
  await expect(mergeOnce(request)).rejects.toMatchObject({
    code: "E_GIT_HEAD_MOVED",
    class: "deterministic",
    message: expect.stringContaining(late.expectedHead),
  });
  expect(commitsOf(remote.repository, request.stageRun)).toEqual([]);
});

test("J9: a branch that changes what isn't owned is refused as policy", async () => {
  const remote = await testRemote();
  const request = await pushedBranch(remote, "run-000001", {
    path: "README.md",
    content: "mine\n",
  });
  await expect(mergeOnce(request)).rejects.toMatchObject({
    code: "E_SURFACE",
    class: "policy",
  });
});

test("J9: a symbolic link is refused even on an owned path", async () => {
  const remote = await testRemote();
  const clone = join(remote.folder, "clone");
  mkdirSync(clone);
  git(clone, "clone", "--quiet", remote.repository, ".");
  const blob = git(clone, "hash-object", "-w", "/etc/hostname");
  git(clone, "update-index", "--add", "--cacheinfo", `120000,${blob},strategies/link.yaml`);
  git(clone, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "--quiet", "-m", "Link");
  const branch = branchOf("run-000001");
  git(clone, "push", "--quiet", "origin", `HEAD:refs/heads/${branch}`);
  const request = {
    ...remote,
    branch,
    into: "main" as const,
    stageRun: "cand-000001.shadow-paper.run-000001",
    expectedHead: git(clone, "rev-parse", "HEAD"),
    owned: ["strategies/*.yaml"],
    subject: "Merge it",
  };
  await expect(mergeOnce(request)).rejects.toMatchObject({
    code: "E_SURFACE",
    message: expect.stringContaining("symbolic link"),
  });
});

test("a conflict with main is deterministic and names the file", async () => {
  const remote = await testRemote();
  const file = { path: "strategies/first.yaml", content: "level: L1\n" };
  const mine = await pushedBranch(remote, "run-000001", file);
  const theirs = await pushedBranch(remote, "run-000002", { ...file, content: "level: L2\n" });
  await mergeOnce(mine);
  await expect(mergeOnce(theirs)).rejects.toMatchObject({
    code: "E_GIT_CONFLICT",
    class: "deterministic",
    message: expect.stringContaining("strategies/first.yaml"),
  });
});

test("a push that the remote's hook refuses is deterministic and repeats the hook's words", async () => {
  const remote = await testRemote();
  const request = await pushedBranch(remote, "run-000001");
  const hook = join(remote.repository, "hooks/pre-receive");
  mkdirSync(join(remote.repository, "hooks"), { recursive: true });
  writeFileSync(hook, "#!/bin/sh\necho 'freeze until Monday' >&2\nexit 1\n");
  chmodSync(hook, 0o755);
  await expect(mergeOnce(request)).rejects.toMatchObject({
    code: "E_GIT_REFUSED",
    class: "deterministic",
    message: expect.stringContaining("freeze until Monday"),
  });
});

test("a lock that somebody holds is transient; a branch that isn't there is not", async () => {
  const remote = await testRemote();
  const request = await pushedBranch(remote, "run-000001");
  writeFileSync(join(remote.repository, "refs/heads/main.lock"), "");
  await expect(mergeOnce(request)).rejects.toMatchObject({
    code: "E_GIT_LOCKED",
    class: "transient",
  });
  await expect(mergeOnce({ ...request, branch: branchOf("run-000009") })).rejects.toMatchObject({
    code: "E_GIT_NOT_FOUND",
    class: "deterministic",
  });
});

test("main that was rewound after a merge is noticed, not merged again", async () => {
  const remote = await testRemote();
  const request = await pushedBranch(remote, "run-000001");
  const { before } = await mergeOnce(request);
  git(remote.repository, "update-ref", "refs/heads/main", before);
  await expect(mergeOnce(request)).rejects.toMatchObject({
    code: "E_GIT_LEDGER",
    class: "deterministic",
  });
  expect(git(remote.repository, "rev-parse", "main")).toBe(before);
});

test.each(["cand", "cand-000001.live-ramp", "a b.c.d", "cand-000001.live-ramp.run-000001.L1.x.y"])(
  "the action id %j is refused",
  async (stageRun) => {
    const request = {
      repository: "/nowhere",
      cacheDir: "/nowhere",
      branch: branchOf("run-000001"),
      into: "main" as const,
      expectedHead: "0".repeat(40),
      owned: [],
      subject: "Merge it",
    };
    await expect(mergeOnce({ ...request, stageRun })).rejects.toMatchObject({
      code: "E_GIT_INVALID",
    });
  },
);

test("a rollback takes back two steps in one commit, once, and leaves what others did", async () => {
  const remote = await testRemote();
  const path = "strategies/first.yaml";
  const steps: string[] = [];
  for (const level of ["L1", "L2"]) {
    const branch = branchOf("run-000001");
    await using tree = await openWorktree({ ...remote, branch });
    const expectedHead = await tree.commitFiles({
      files: { [path]: `level: ${level}\n` },
      message: `Raise to ${level}`,
    });
    await tree.push();
    const stageRun = `cand-000001.live-ramp.run-000001.${level}`;
    const subject = `Raise to ${level}`;
    const owned = ["strategies/*"];
    await mergeOnce({ ...remote, branch, into: "main", stageRun, expectedHead, owned, subject });
    steps.unshift(stageRun);
  }
  await mergeOnce(await pushedBranch(remote, "run-000002"));
  const rollback = {
    ...remote,
    stageRun: "cand-000001.live-ramp.run-000001.rollback",
    reverts: ["cand-000001.live-ramp.run-000001.L3", ...steps],
  };
  const receipt = await revertOnce(rollback);
  expect(receipt.effect).toBe("done");
  expect(await revertOnce(rollback)).toEqual({ ...receipt, effect: "already" });
  await using reader = await openMainReader(remote);
  const { files } = await reader.files("strategies");
  expect(files.get("first.yaml")).toBe("level: L0\n");
  expect(files.has("run-000002.yaml")).toBe(true);
  const versions = await reader.history(path);
  expect(versions.map(({ content }) => content)).toEqual(
    ["L0", "L1", "L2", "L0"].map((level) => `level: ${level}\n`),
  );
  expect(versions.at(-1)?.commit).toBe(receipt.commit);
});

test("a removed file's history ends with its removal; nothing to revert is said", async () => {
  const remote = await testRemote();
  const request = await pushedBranch(remote, "run-000001");
  const stageRun = `${request.stageRun}.rollback`;
  const rollback = { ...remote, stageRun, reverts: [request.stageRun] };
  await expect(revertOnce(rollback)).rejects.toMatchObject({ code: "E_GIT_NOT_FOUND" });
  const merged = await mergeOnce(request);
  await using reader = await openMainReader(remote);
  await reader.files("strategies");
  const reverted = await revertOnce(rollback);
  const { files } = await reader.files("strategies");
  expect([...files.keys()]).toEqual(["first.yaml"]);
  const versions = await reader.history("strategies/run-000001.yaml");
  expect(versions.map(({ content }) => content)).toEqual(["level: L0\n", undefined]);
  expect(versions.map(({ commit }) => commit)).toEqual([merged.commit, reverted.commit]);
});
