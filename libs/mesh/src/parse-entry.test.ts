import { expect, test } from "vitest";

import { JournalCorrupt, parseEntry } from "./parse-entry.ts";
import { firstEntry } from "./sample-entry.test-data.ts";

function failureOf(value: unknown): unknown {
  try {
    return parseEntry(new TextEncoder().encode(JSON.stringify(value)), 7);
  } catch (error) {
    return error;
  }
}

test("an entry of another release is told from what isn't an entry", () => {
  const entry = firstEntry("cand-sample");
  expect(failureOf(entry)).toEqual(entry);
  const later = [
    { ...entry, v: 2 },
    { ...entry, rule: "as usual" },
    { ...entry, evidence: { artifacts: { a: "quarantined" }, gate: null } },
  ];
  for (const value of later) {
    const error = failureOf(value);
    expect(error).toBeInstanceOf(JournalCorrupt);
    expect(error).toMatchObject({
      otherRelease: true,
      olderRelease: false,
      message: expect.stringMatching(/^JOURNAL 7 is an entry of another release: /),
    });
  }
  const { about: _, ...older } = entry;
  expect(failureOf(older)).toMatchObject({
    otherRelease: true,
    olderRelease: true,
    message: expect.stringMatching(/^JOURNAL 7 is an entry of an older release: about: /),
  });
  for (const value of [null, 7, [], {}, { v: 1 }, { ...entry, candidateId: "Ünknown" }])
    expect(failureOf(value)).toMatchObject({ otherRelease: false });
});

test("what isn't known of an entry stays as it is", () => {
  const entry = firstEntry("cand-sample");
  const later = {
    ...entry,
    holder: "lane-z",
    reason: "SENT_TO_ARCHIVE",
    cause: { kind: "weather", rain: { mm: 3 } },
    addedLater: { at: [{ every: "depth" }] },
  };
  expect(failureOf(later)).toStrictEqual(later);
});
