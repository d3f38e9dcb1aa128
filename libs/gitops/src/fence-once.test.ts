import { expect, test, vi } from "vitest";

import { actOnce, commitTime, mergedTree, trailers, writeCommit } from "./action-ledger.ts";
import { notOnMain } from "./commits-on-main.ts";
import { fenceOnce } from "./fence-once.ts";
import { mergeOnce } from "./merge-once.ts";
import { revertOnce } from "./revert-once.ts";
import { commitsOf, git, pushedBranch, type TestRemote, testRemote } from "./testing/place.ts";

// Real git commands: on a busy machine they take their time.
vi.setConfig({ testTimeout: 60_000 });

const FENCE = "cand-000001.incident-recovery.run-000001.fence";
const fence = (remote: TestRemote, dispatch: number, stageRun = FENCE) =>
  fenceOnce({ ...remote, stageRun, dispatch });
const fenced = { code: "E_GIT_FENCED", class: "policy" };

test("a fence refuses what an earlier dispatch of its candidate does, and nothing else", async () => {
  const remote = await testRemote();
  const request = await pushedBranch(remote, "run-000001");
  const receipt = await fence(remote, 20);
  expect(receipt.effect).toBe("done");
  const diff = git(remote.repository, "diff", "--stat", receipt.before, receipt.commit);
  expect(diff).toBe("");
  await expect(mergeOnce({ ...request, dispatch: 19 })).rejects.toMatchObject({
    ...fenced,
    message: expect.stringContaining(receipt.commit),
  });
  const other = { ...request, stageRun: "cand-000011.shadow-paper.run-000001" };
  expect((await mergeOnce({ ...other, dispatch: 19 })).effect).toBe("done");
  const later = await pushedBranch(remote, "run-000002");
  expect((await mergeOnce({ ...later, dispatch: 20 })).effect).toBe("done");
  expect(commitsOf(remote.repository, request.stageRun)).toEqual([]);
});

test("the highest fence counts, each is put up once, and an older one comes too late", async () => {
  const remote = await testRemote();
  const request = await pushedBranch(remote, "run-000001");
  const second = "cand-000001.incident-recovery.run-000002.fence";
  await fence(remote, 10);
  await fence(remote, 30, second);
  expect((await fence(remote, 30, second)).effect).toBe("already");
  await expect(mergeOnce({ ...request, dispatch: 29 })).rejects.toMatchObject(fenced);
  const late = fence(remote, 20, "cand-000001.incident-recovery.run-000003.fence");
  await expect(late).rejects.toMatchObject(fenced);
});

test("a merge that was prepared before the fence is refused when it is tried again behind it", async () => {
  const remote = await testRemote();
  const request = await pushedBranch(remote, "run-000001");
  let rounds = 0;
  const superseded = actOnce({
    ...request,
    action: request.stageRun,
    dispatch: 10,
    async build(scratch, { main, branch: head = "" }) {
      rounds += 1;
      const tree = await mergedTree(scratch, main, head);
      const message = `Merge\n\n${trailers(request.stageRun)}`;
      const time = commitTime();
      const commit = await writeCommit(scratch, { tree, parents: [main, head], message, time });
      // Everything was looked at, the commit is ready to be pushed: now recovery takes over.
      await fence(remote, 20);
      return { action: request.stageRun, commit, before: main, head, time };
    },
  });
  await expect(superseded).rejects.toMatchObject(fenced);
  expect(rounds).toBe(1);
  expect(commitsOf(remote.repository, request.stageRun)).toEqual([]);
});

test("of a merge and a fence at the same time, either the merge was first or it never is", async () => {
  const remote = await testRemote();
  for (let round = 1; round <= 8; round += 1) {
    const request = await pushedBranch(remote, `run-00000${round}`);
    const stageRun = `cand-000001.incident-recovery.run-00000${round}.fence`;
    const [merged, put] = await Promise.allSettled([
      mergeOnce({ ...request, dispatch: round * 10 - 1 }),
      fence(remote, round * 10, stageRun),
    ]);
    expect(put.status).toBe("fulfilled");
    const commitOf = (action: string) => commitsOf(remote.repository, action)[0]?.split("\t")[0];
    const [merge, own = ""] = [request.stageRun, stageRun].map(commitOf);
    // git fails if the fence doesn't have the merge in its history.
    if (merge !== undefined) git(remote.repository, "merge-base", "--is-ancestor", merge, own);
    const told = merged.status === "rejected" ? Object(merged.reason).code : merged.value.effect;
    expect(told).toBe(merge === undefined ? "E_GIT_FENCED" : "done");
  }
});

test("an earlier dispatch can't roll back behind a fence either, but finds what it did before", async () => {
  const remote = await testRemote();
  const request = { ...(await pushedBranch(remote, "run-000001")), dispatch: 10 };
  const merged = await mergeOnce(request);
  await fence(remote, 20);
  expect(await mergeOnce(request)).toEqual({ ...merged, effect: "already" });
  const rollback = { stageRun: `${request.stageRun}.rollback`, reverts: [request.stageRun] };
  await expect(revertOnce({ ...remote, ...rollback, dispatch: 10 })).rejects.toMatchObject(fenced);
  expect((await revertOnce({ ...remote, ...rollback, dispatch: 20 })).effect).toBe("done");
});

test("commits are told apart by whether main has them", async () => {
  const remote = await testRemote();
  const { expectedHead } = await pushedBranch(remote, "run-000001");
  const main = git(remote.repository, "rev-parse", "main");
  const unknown = "0".repeat(39) + "1";
  expect(await notOnMain(remote, [main, expectedHead, unknown])).toEqual([expectedHead, unknown]);
  expect(await notOnMain(remote, [])).toEqual([]);
  await expect(notOnMain(remote, ["main"])).rejects.toMatchObject({ code: "E_GIT_INVALID" });
});
