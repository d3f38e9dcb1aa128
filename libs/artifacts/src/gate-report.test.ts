import { expect, test } from "vitest";

import { verdictOf } from "./gate-report.ts";

test.each([
  [["pass", "pass"], "pass"],
  [["pass", "skipped"], "pass"],
  [["pass", "inconclusive"], "inconclusive"],
  [["pass", "inconclusive", "fail"], "fail"],
  [["skipped", "fail"], "fail"],
  [["skipped"], "inconclusive"],
  [[], "inconclusive"],
] as const)("gates %j make %s", (statuses, verdict) => {
  expect(verdictOf(statuses.map((status) => ({ gateId: "g", status, reasons: [] })))).toBe(verdict);
});
