import * as fc from "fast-check";
import { expect, test } from "vitest";

import { Holder, ID_PATTERN, LANES, STAGE_PATTERN } from "./names.ts";
import {
  commandSubject,
  journalFence,
  journalFilter,
  journalSubject,
  parseCommandSubject,
  parseJournalSubject,
  parseReportSubject,
  reportFilter,
  reportSubject,
} from "./subjects.ts";

const ids = fc.stringMatching(ID_PATTERN);
const stages = fc.stringMatching(STAGE_PATTERN);
const run = { candidateId: ids, stage: stages, runId: ids };
const RUNS = { seed: 4222, numRuns: 300 };

test("what is built is parsed back, for any valid names", () => {
  const holders = fc
    .constantFrom(...LANES, "review", "closed", "lane-weather", "auditor")
    .map((name) => Holder.parse(name));
  const lanes = fc.constantFrom(...LANES, "lane-weather" as const);
  const parts = fc.oneof(fc.constant("result" as const), fc.integer({ min: 1, max: 999_999 }));
  fc.assert(
    fc.property(fc.record({ holder: holders, ...run }), (to) => {
      expect(parseJournalSubject(journalSubject(to))).toEqual(to);
    }),
    RUNS,
  );
  fc.assert(
    fc.property(fc.record({ lane: lanes, ...run, part: parts }), (of) => {
      expect(parseReportSubject(reportSubject(of))).toEqual(of);
    }),
    RUNS,
  );
  fc.assert(
    fc.property(fc.record({ candidateId: ids, commandId: ids }), (of) => {
      expect(parseCommandSubject(commandSubject(of))).toEqual(of);
    }),
    RUNS,
  );
});

test("every subject is plain tokens of letters, digits and hyphens", () => {
  fc.assert(
    fc.property(fc.record(run), (of) => {
      const built = [
        journalSubject({ ...of, holder: "lane-a" }),
        reportSubject({ ...of, lane: "lane-b", part: 3 }),
        commandSubject({ candidateId: of.candidateId, commandId: of.runId }),
      ];
      for (const subject of built) expect(subject).toMatch(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/);
      // The broker's limit on a subject is far above this.
      expect(Math.max(...built.map((subject) => subject.length))).toBeLessThan(256);
    }),
    RUNS,
  );
});

test("the forms that other programs rely on", () => {
  const of = { candidateId: "cand-1", stage: "live-ramp", runId: "run-12" };
  expect(journalSubject({ ...of, holder: "review" })).toBe(
    "baton.journal.review.cand-1.live-ramp.run-12",
  );
  expect(journalFence("cand-1")).toBe("baton.journal.*.cand-1.>");
  expect(journalFilter("lane-c")).toBe("baton.journal.lane-c.>");
  expect(reportSubject({ ...of, lane: "lane-e", part: "result" })).toBe(
    "baton.report.lane-e.cand-1.live-ramp.run-12.result",
  );
  expect(reportSubject({ ...of, lane: "lane-e", part: 2 })).toBe(
    "baton.report.lane-e.cand-1.live-ramp.run-12.attempt-2",
  );
  expect(reportFilter("cand-1")).toBe("baton.report.*.cand-1.>");
  expect(commandSubject({ candidateId: "cand-1", commandId: "cmd-01" })).toBe(
    "baton.command.cand-1.cmd-01",
  );
});

const HOSTILE = [
  "",
  "a",
  "*",
  ">",
  "a.b.c.d",
  "cand-1.>",
  "cand 1",
  "cand-1\n",
  "CAND-1",
  "-cand-1",
  "cänd-1",
  "cand-1\u0000",
  "x".repeat(64),
  "%s%s%s%s",
  "__proto__",
  "cand-1\u202E",
];

test.each(HOSTILE)("a name like %j never becomes a subject", (name) => {
  const of = { candidateId: "cand-1", stage: "live-ramp", runId: "run-12" };
  const mints = [
    () => journalSubject({ ...of, holder: "lane-a", candidateId: name }),
    () => journalSubject({ ...of, holder: "lane-a", runId: name }),
    () => reportSubject({ ...of, lane: "lane-a", part: "result", candidateId: name }),
    () => commandSubject({ candidateId: name, commandId: "cmd-01" }),
    () => commandSubject({ candidateId: "cand-1", commandId: name }),
    () => journalFence(name),
    () => reportFilter(name),
  ];
  for (const mint of mints) expect(mint).toThrow(TypeError);
  const stage = name === "a" ? "A" : name;
  expect(() => journalSubject({ ...of, holder: "lane-a", stage })).toThrow("not a subject token");
});

test("a refused name is shown escaped and cut", () => {
  expect(() => journalFence(`\u001B]0;${"x".repeat(500)}`)).toThrow(
    /^not a subject token: "\\u001b\]0;x+…"$/,
  );
});

test.each([
  "",
  "baton",
  "baton.journal.lane-a.cand-1.live-ramp",
  "baton.journal.lane-a.cand-1.live-ramp.run-12.more",
  "baton.journal.Lane-g.cand-1.live-ramp.run-12",
  "baton.report.lane-.cand-1.live-ramp.run-12.result",
  "baton.journal.*.cand-1.live-ramp.run-12",
  "baton.journal.lane-a.cand-1.>.run-12",
  "baton.journal.lane-a.cand-1..run-12",
  "baton.report.lane-a.cand-1.live-ramp.run-12",
  "baton.report.lane-a.cand-1.live-ramp.run-12.attempt-0",
  "baton.report.lane-a.cand-1.live-ramp.run-12.attempt-01",
  "baton.report.lane-a.cand-1.live-ramp.run-12.attempt-1e3",
  "baton.report.lane-a.cand-1.live-ramp.run-12.attempt-1000000",
  "baton.report.lane-a.cand-1.live-ramp.run-12.Result",
  "baton.report.review.cand-1.live-ramp.run-12.result",
  "baton.command.cand-1",
  "baton.command.cand-1.cmd-01.more",
  "baton.command.cand-1.c",
  "other.journal.lane-a.cand-1.live-ramp.run-12",
])("%j is nobody's subject", (subject) => {
  const parsed = [parseJournalSubject, parseReportSubject, parseCommandSubject].map((parse) =>
    parse(subject),
  );
  expect(parsed).toEqual([undefined, undefined, undefined]);
});

test("no text at all breaks the parsers, and what they take they would have built", () => {
  const texts = fc.oneof(
    fc.string({ unit: "binary" }),
    fc
      .array(
        fc.oneof(
          fc.constantFrom("baton", "journal", "report", "command", "lane-a", "result", "*", ">"),
          ids,
        ),
        { maxLength: 9 },
      )
      .map((tokens) => tokens.join(".")),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const journal = parseJournalSubject(text);
      const report = parseReportSubject(text);
      const command = parseCommandSubject(text);
      const built = [
        journal && journalSubject(journal),
        report && reportSubject(report),
        command && commandSubject(command),
      ];
      for (const subject of built) expect(subject ?? text).toBe(text);
    }),
    { seed: 4223, numRuns: 1000 },
  );
}, 60_000);
