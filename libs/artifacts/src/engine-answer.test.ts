/** What an engine answers, read by a release that knows less. */
import { expect, test } from "vitest";

import { RunningStrategies } from "./strategy-configmap.ts";

const ANSWER = {
  head: "c".repeat(40),
  strategies: [
    {
      candidateId: "cand-000000000001",
      runId: "run-000000000001",
      hash: "a".repeat(64),
      commit: "c".repeat(40),
      level: "L1",
      notional: 500,
      enabled: true,
      appliedAt: "2026-01-05T12:00:00.000Z",
      account: "cand-000000000001",
      settled: false,
      positions: [],
      orders: [
        {
          clientOrderId: "x",
          instrument: "NDX",
          side: "buy",
          quantity: "1",
          state: "queued-for-the-open",
          message: null,
        },
      ],
      problem: "it waits",
      trouble: "E_LATER_TROUBLE",
    },
  ],
  refused: [{ file: "cand-x.yaml", code: "E_LATER_CODE", problem: "a later engine says why" }],
};

test("names that a later engine says are read as they are", () => {
  const read = RunningStrategies.parse(ANSWER);
  expect(read.refused[0]?.code).toBe("E_LATER_CODE");
  expect(read.strategies[0]?.trouble).toBe("E_LATER_TROUBLE");
  expect(read.strategies[0]?.orders[0]?.state).toBe("queued-for-the-open");
});

test.each(["", "two words", 7, "x".repeat(65), "\u001b[31m"])("%j is no such name", (code) => {
  const refused = [{ ...ANSWER.refused[0], code }];
  expect(RunningStrategies.safeParse({ ...ANSWER, refused }).success).toBe(false);
});
