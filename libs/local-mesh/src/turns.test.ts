import { expect, test } from "vitest";

import { openTurns } from "./turns.ts";

const never = new AbortController().signal;

test("as many begin at once as may, then the smallest rank of those that wait", async () => {
  const turns = openTurns(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const begin = async (rank: number): Promise<void> => {
    ends.push(await turns.take(rank, never));
    begun.push(rank);
  };
  const all = [5, 4, 3, 1].map(begin);
  await Promise.all(all.slice(0, 2));
  expect(begun).toEqual([5, 4]);
  ends[0]?.();
  // Ending twice frees one place only.
  ends[0]?.();
  await all[3];
  expect(begun).toEqual([5, 4, 1]);
  ends[1]?.();
  await all[2];
  expect(begun).toEqual([5, 4, 1, 3]);
});

test("one that is given up while it waits keeps nobody's place", async () => {
  const turns = openTurns(1);
  const end = await turns.take(1, never);
  const stop = new AbortController();
  const given = turns.take(2, stop.signal);
  const last = turns.take(3, never);
  stop.abort(new Error("stopped"));
  await expect(given).rejects.toThrow("stopped");
  end();
  await expect(last).resolves.toBeTypeOf("function");
});
