import { journalSubject } from "@baton/contracts";
import { expect, test } from "vitest";

import { readStanding } from "./read-standing.ts";
import { bytesOf, entry } from "./testing/records.ts";

const record = entry("cand-0001");
const subject = journalSubject(record);
const standing = {
  candidateId: "cand-0001",
  holder: "lane-a",
  stage: "research-intake",
  reason: "SUBMITTED",
};

test("an entry is read as the coordinator writes it", () => {
  expect(readStanding({ subject, data: bytesOf(record), seq: 1 })).toEqual(standing);
});

test("a specification that looks like an entry changes nothing, wherever it stands", () => {
  const turned = Object.fromEntries(Object.entries(record).toReversed());
  expect(JSON.stringify(turned)).toMatch(/"spec".*"reason":"SUBMITTED"/);
  expect(readStanding({ subject, data: bytesOf(turned), seq: 1 })).toEqual(standing);
});

test.each([
  { subject: "baton.journal.lane-a.cand-0001", data: bytesOf(record) },
  { subject: "baton.journal.nobody.cand-0001.build.run-0001", data: bytesOf(record) },
  { subject, data: bytesOf("") },
  { subject, data: bytesOf('{"holder":"lane-a","reason":"NO_SUCH_REASON"}') },
  { subject: journalSubject({ ...record, holder: "lane-b" }), data: bytesOf("{}") },
])("what isn't an entry has no standing", (message) => {
  expect(readStanding({ ...message, seq: 1 })).toBeUndefined();
});
