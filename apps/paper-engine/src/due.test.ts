import { expect, test } from "vitest";

import { due } from "./due.ts";

/** A strategy that was looked at `ago` milliseconds before 100,000. */
const seen = (ago: number, state: "settled" | "open" | "blocked") => ({
  of: `${state} ${ago}`,
  settled: () => state === "settled",
  blocked: () => state === "blocked",
  checkedAt: () => 100_000 - ago,
});

test("who isn't settled is looked at each round, unless looks are paced; who is kept back less often then", () => {
  const all = [
    seen(0, "open"),
    seen(2600, "open"),
    seen(2600, "blocked"),
    seen(15_000, "blocked"),
    seen(2600, "settled"),
    seen(5000, "settled"),
  ];
  const names = (paceMs?: number) => due(all, 100_000, paceMs).map(({ of }) => of);
  expect(names()).toEqual(["open 0", "open 2600", "blocked 2600", "blocked 15000", "settled 5000"]);
  expect(names(2500)).toEqual(["open 2600", "blocked 15000", "settled 5000"]);
});
