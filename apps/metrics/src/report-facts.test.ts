import { expect, test } from "vitest";

import { glanceAtReport, readReportFacts } from "./report-facts.ts";
import { bytesOf, FAILED_ATTEMPT, FAILED_RESULT, report } from "./testing/records.ts";

/** The same report with its keys in another order, so that it has to be parsed in full. */
function turned(record: object): Uint8Array {
  return bytesOf(Object.fromEntries(Object.entries(record).toReversed()));
}

test("a glance at a done result sees what the series need", () => {
  expect(glanceAtReport(bytesOf(report("cand-0001")))).toEqual({
    candidateId: "cand-0001",
    stage: "candidate-build",
    lane: "lane-b",
    answers: 12,
    attempt: 1,
    seconds: 42.5,
    outcome: "pass",
    failureClass: undefined,
    handoffSeconds: 0.0004,
  });
});

test.each([
  { what: "usual", changes: {} },
  { what: "without a handoff", changes: { handoff: null } },
  { what: "of a second attempt", changes: { attempt: 2 } },
  {
    what: "inconclusive",
    changes: {
      outcome: { kind: "done", verdict: "inconclusive", summary: 'ü "}]}}', artifacts: [] },
    },
  },
  { what: "of a clock set back", changes: { startedAt: "2026-03-01T09:59:59.000Z" } },
  {
    what: "with artifacts",
    changes: {
      outcome: {
        kind: "done",
        verdict: "fail",
        summary: "",
        artifacts: [
          {
            name: "a/b.json",
            sha256: "0".repeat(64),
            bytes: 3,
            stage: "candidate-build",
            runId: "run-0001",
          },
        ],
      },
    },
  },
])("a glance and a full parse see the same in a done result $what", ({ changes }) => {
  const record = report("cand-0001", changes);
  expect(glanceAtReport(bytesOf(record))).toBeDefined();
  expect(glanceAtReport(turned(record))).toBeUndefined();
  expect(glanceAtReport(bytesOf(record))).toEqual(readReportFacts(turned(record)));
});

test("a failed attempt and a failed result are read in full", () => {
  const attempt = bytesOf(report("cand-0001", FAILED_ATTEMPT));
  expect(glanceAtReport(attempt)).toBeUndefined();
  expect(readReportFacts(attempt)).toMatchObject({
    outcome: "transient",
    failureClass: "transient",
  });
  expect(readReportFacts(bytesOf(report("cand-0001", FAILED_RESULT)))).toMatchObject({
    seconds: 42.5,
    outcome: "spec",
    failureClass: "spec",
  });
});

test.each([
  { bytes: "", why: /not JSON/ },
  { bytes: "{}", why: /type/ },
  { bytes: JSON.stringify(report("cand-0001")).slice(0, -1), why: /not JSON/ },
  { bytes: JSON.stringify({ ...report("cand-0001"), lane: "somebody" }), why: /lane/ },
  {
    bytes: JSON.stringify({ ...report("cand-0001"), time: "2026-13-01T09:00:42.500Z" }),
    why: /time/,
  },
  { bytes: JSON.stringify({ ...report("cand-0001"), stage: 'a"b' }), why: /stage/ },
])("what isn't a report is told in words: $why", ({ bytes, why }) => {
  expect(readReportFacts(bytesOf(bytes))).toMatch(why);
});
