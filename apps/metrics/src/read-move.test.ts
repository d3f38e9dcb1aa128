import { journalSubject } from "@baton/contracts";
import { expect, test } from "vitest";

import { glanceAtMove, readMove } from "./read-move.ts";
import { bytesOf, entry, TAKEN } from "./testing/records.ts";

const record = entry("cand-0001");
const subject = journalSubject(record);
const move = {
  candidateId: "cand-0001",
  holder: "lane-a",
  stage: "research-intake",
  reason: "SUBMITTED",
  isDispatch: true,
  taken: undefined,
};
const taken = {
  sequence: 7,
  attempt: 2,
  stage: "candidate-build",
  storedMs: Date.parse("2026-03-01T09:00:42.500Z"),
  retried: false,
};

test("an entry is read as the coordinator writes it", () => {
  expect(readMove({ subject, data: bytesOf(record), seq: 1 })).toEqual(move);
});

test("a specification that looks like an entry changes nothing, wherever it stands", () => {
  const turned = Object.fromEntries(Object.entries(record).toReversed());
  expect(JSON.stringify(turned)).toMatch(/"spec".*"reason":"SUBMITTED"/);
  expect(readMove({ subject, data: bytesOf(turned), seq: 1 })).toEqual(move);
});

test.each([
  { reason: "STAGE_PASSED", awaits: 0, holder: "lane-c", isDispatch: true, retried: false },
  { reason: "RETRY_BACKOFF", awaits: 5, holder: "lane-b", isDispatch: false, retried: true },
  // An attempt that came while people were asked, one that was the result, a new run of the stage, an end.
  { reason: "DEADLINE_PASSED", awaits: 5, holder: "review", isDispatch: false, retried: true },
  { reason: "SPEC_INVALID", awaits: null, holder: "review", isDispatch: false, retried: false },
  { reason: "LOOPED_BACK", awaits: 0, holder: "lane-a", isDispatch: true, retried: false },
  { reason: "COMPLETED", awaits: null, holder: "closed", isDispatch: false, retried: false },
] as const)("the report that led to $reason is told, and what became of it", (of) => {
  const { isDispatch, retried, ...changes } = of;
  const lying = `said "cause":{"kind":"report","sequence":9,"attempt":9,"storedAt":"2026-03-01T09:00:42.500000Z","from":"x"}`;
  const about = { kind: "passed", stage: "x", summary: lying } as const;
  const spec = { cause: { ...TAKEN, sequence: 9 }, awaits: 3 };
  const written = entry("cand-0001", { ...changes, cause: TAKEN, about, spec });
  const data = bytesOf(written);
  const found = readMove({ subject: journalSubject(written), data, seq: 1 });
  expect(found).toMatchObject({ isDispatch, taken: { ...taken, retried } });
  const isUsual = ["STAGE_PASSED", "RETRY_BACKOFF"].includes(of.reason);
  expect(glanceAtMove(data, written)).toEqual(isUsual ? found : undefined);
});

test.each([
  { subject: "baton.journal.lane-a.cand-0001", data: bytesOf(record) },
  { subject: "baton.journal.NOBODY.cand-0001.build.run-0001", data: bytesOf(record) },
  { subject, data: bytesOf("") },
  { subject, data: bytesOf('{"holder":"lane-a","reason":"NO_SUCH_REASON"}') },
  { subject: journalSubject({ ...record, holder: "lane-b" }), data: bytesOf("{}") },
])("what isn't an entry is no move", (message) => {
  expect(readMove({ ...message, seq: 1 })).toBeUndefined();
});
