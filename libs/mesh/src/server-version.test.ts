import { expect, test } from "vitest";

import { checkServerVersion, compareVersions } from "./server-version.ts";

test.each(["2.14.0", "2.14.3", "2.15.1", "3.0.0", "v2.15.1", "2.15.1-1", "2.14.0-RC.1"])(
  "%s is new enough",
  (version) => {
    expect(checkServerVersion(version)).toEqual({ ok: true });
  },
);

test.each([
  ["2.9.10", /older than 2\.14\.0.*sync_interval/],
  ["2.13.9", /older than 2\.14\.0/],
  ["1.99.99", /older than 2\.14\.0/],
  ["", /no server version/],
  ["latest", /no server version/],
  ["9".repeat(300), /no server version/],
])("%s is refused with the reason", (version, reason) => {
  expect(checkServerVersion(version)).toEqual({
    ok: false,
    reason: expect.stringMatching(reason),
  });
});

test("versions are ordered by number, not by text", () => {
  const sorted = ["2.15.1", "2.9.10", "2.14.12", "2.14.2"].toSorted(compareVersions);
  expect(sorted).toEqual(["2.9.10", "2.14.2", "2.14.12", "2.15.1"]);
});
