import type { HistoryMarks } from "@baton/contracts";
import { expect, test, vi } from "vitest";

import { fenceOnce } from "./fence-once.ts";
import { readMarkOnMain } from "./history-mark.ts";
import { mergeOnce } from "./merge-once.ts";
import { revertOnce } from "./revert-once.ts";
import { git, pushedBranch, testRemote } from "./testing/place.ts";

// Real git commands: on a busy machine they take their time.
vi.setConfig({ testTimeout: 30_000 });

const at = (sequence: number): HistoryMarks => ({
  v: 1,
  epoch: 2,
  time: "2026-01-02T03:04:05.000Z",
  streams: {
    CONTROLS: { sequence, sha256: "a".repeat(64) },
    JOURNAL: { sequence: 9, sha256: "b".repeat(64) },
  },
});

test("every action on main says how far history had come, and is refused where it hasn't come so far", async () => {
  const remote = await testRemote();
  expect(await readMarkOnMain(remote)).toBeUndefined();
  const known: HistoryMarks[] = [];
  let now = at(1);
  const history = {
    marks: async () => now,
    require: async (marks: HistoryMarks) => {
      known.push(marks);
      if ((marks.streams.CONTROLS?.sequence ?? 0) > (now.streams.CONTROLS?.sequence ?? 0))
        throw new Error("it went back");
    },
  };
  const guarded = { ...remote, history };
  const request = { ...(await pushedBranch(remote, "run-000001")), history };
  await mergeOnce(request);
  expect((await readMarkOnMain(remote))?.streams).toEqual(now.streams);
  now = at(2);
  const undo = "cand-000001.live-ramp.run-000001.rollback";
  await revertOnce({ ...guarded, stageRun: undo, reverts: [request.stageRun] });
  now = at(3);
  await fenceOnce({
    ...guarded,
    stageRun: "cand-000001.incident-recovery.run-000001.fence",
    dispatch: 9,
  });
  expect(await readMarkOnMain(remote)).toMatchObject({ epoch: 2, streams: at(3).streams });
  expect(known.map(({ streams }) => streams.CONTROLS?.sequence)).toEqual([1, 2]);
  now = at(2);
  const head = git(remote.repository, "rev-parse", "main");
  const late = await pushedBranch(remote, "run-000002");
  await expect(mergeOnce({ ...late, history })).rejects.toThrow("it went back");
  expect(git(remote.repository, "rev-parse", "main")).toBe(head);
});
