import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, expect, test } from "vitest";

import {
  createBareRepository,
  findAction,
  mergeOnce,
  openMainReader,
  openWorktree,
  revertOnce,
  runBranch,
} from "./index.ts";

const root = mkdtempSync(join(tmpdir(), "baton-gitops-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let n = 0;
async function place() {
  n += 1;
  const repository = join(root, `r${n}.git`);
  await createBareRepository(repository, {
    initialFiles: { "README.md": "x\n", "strategies/a.yaml": "a: 1\n" },
  });
  return { repository, cacheDir: join(root, `c${n}`) };
}

test("a file goes from a branch into main once, is read there, and is taken back by a revert", async () => {
  const at = await place();
  const branch = await runBranch(at, { lane: "lane-e", runId: "run-000001", today: new Date() });
  await using tree = await openWorktree({ ...at, branch });
  const head = await tree.commitFiles({
    files: { "strategies/cand-1.yaml": "level: L0\n" },
    message: "Add it",
  });
  await tree.push();
  const request = {
    ...at,
    branch,
    into: "main" as const,
    stageRun: "cand-00001.shadow-paper.run-000001",
    expectedHead: head,
    owned: ["strategies/*.yaml"],
    subject: "Merge it",
  };
  expect((await mergeOnce(request)).effect).toBe("done");
  expect((await mergeOnce(request)).effect).toBe("already");
  expect(await findAction(at, request.stageRun)).toMatchObject({ head });
  await using reader = await openMainReader(at);
  expect([...(await reader.files("strategies")).files.keys()]).toEqual(["a.yaml", "cand-1.yaml"]);
  const r = await revertOnce({
    ...at,
    stageRun: "cand-00001.shadow-paper.run-000001.rollback",
    reverts: [request.stageRun],
  });
  expect(r.effect).toBe("done");
  expect([...(await reader.files("strategies")).files.keys()]).toEqual(["a.yaml"]);
});
