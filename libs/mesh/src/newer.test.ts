import { expect, test } from "vitest";

import { createNewer } from "./newer.ts";

test("what waits is told once of each kind, and an older entry is never told to wait for an update", () => {
  let now = 0;
  const newer = createNewer(() => now);
  expect(newer.reason()).toBeUndefined();
  expect(newer.note("older entry", "JOURNAL 7 misses about")).toBe(true);
  expect(newer.note("older entry", "JOURNAL 8 misses about")).toBe(false);
  expect(newer.reason()).toMatch(/^E_ENTRY_OLDER: JOURNAL 8 .*the release that wrote it/);
  expect(newer.reason()).not.toContain("update");
  expect(newer.note("entry", "JOURNAL 9 has v: 2")).toBe(true);
  expect(newer.reason()).toMatch(/^E_ENTRY_NEWER: JOURNAL 9 .*update this service.*E_ENTRY_OLDER/);
  now = 900_001;
  expect(newer.reason()).toBeUndefined();
});
