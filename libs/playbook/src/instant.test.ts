import { Instant } from "@baton/contracts";
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { after, instantMs, shiftInstant } from "./instant.ts";

// oxlint-disable-next-line no-restricted-globals -- the calendar computed here is held against the platform's
const Calendar = Date;
const FIRST = Calendar.parse("0000-01-01T00:00:00.000Z");
const LAST = Calendar.parse("9999-12-31T23:59:59.999Z");
const isoOf = (ms: number) => new Calendar(ms).toISOString();

test("instants count milliseconds as the platform's calendar does, in every year the format holds", () => {
  fc.assert(
    fc.property(fc.integer({ min: FIRST, max: LAST }), (ms) => {
      expect(instantMs(isoOf(ms))).toBe(ms);
    }),
    { seed: 1, numRuns: 2000 },
  );
});

test("shifting gives the platform's instant, kept within the years the format holds", () => {
  const moments = fc.integer({ min: FIRST, max: LAST });
  const shifts = fc.oneof(fc.integer({ min: -1e12, max: 1e12 }), fc.maxSafeInteger());
  fc.assert(
    fc.property(moments, shifts, (ms, by) => {
      const shifted = shiftInstant(isoOf(ms), by);
      expect(shifted).toBe(isoOf(Math.min(Math.max(ms + by, FIRST), LAST)));
      expect(Instant.safeParse(shifted).success).toBe(true);
    }),
    { seed: 2, numRuns: 2000 },
  );
});

test.each([
  ["2024-02-28T23:59:59.999Z", 1, "2024-02-29T00:00:00.000Z"],
  ["2023-02-28T23:59:59.999Z", 1, "2023-03-01T00:00:00.000Z"],
  ["1900-02-28T12:00:00.000Z", 86_400_000, "1900-03-01T12:00:00.000Z"],
  ["2000-02-29T00:00:00.000Z", 365 * 86_400_000, "2001-02-28T00:00:00.000Z"],
  ["1970-01-01T00:00:00.000Z", -1, "1969-12-31T23:59:59.999Z"],
  ["2026-03-01T09:00:00.000Z", 0.4, "2026-03-01T09:00:00.000Z"],
  ["9999-12-31T23:59:59.999Z", 1, "9999-12-31T23:59:59.999Z"],
])("%s plus %d ms is %s", (time, ms, expected) => {
  expect(shiftInstant(time, ms)).toBe(expected);
});

test("seconds may have fractions", () => {
  expect(after("2026-03-01T09:00:00.000Z", 0.001)).toBe("2026-03-01T09:00:00.001Z");
  expect(after("2026-03-01T09:00:00.000Z", 1800.5)).toBe("2026-03-01T09:30:00.500Z");
});
