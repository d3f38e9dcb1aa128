import { expect, test } from "vitest";

import { ageText, durationText } from "./time-text.ts";

test.each([
  [0, "0ms"],
  [0.44, "0.4ms"],
  [9.96, "10ms"],
  [12.4, "12ms"],
  [999, "999ms"],
  [999.6, "1s"],
  [3449, "3.4s"],
  [59_949, "59.9s"],
  [60_000, "1m"],
  [310_000, "5m10s"],
  [3_600_000, "1h"],
  [7_380_000, "2h3m"],
  [349_200_000, "4d1h"],
  [-1500, "-1.5s"],
])("%d ms reads %s", (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

test("ages are whole seconds and never below none", () => {
  expect(ageText(900)).toBe("0s");
  expect(ageText(59_999)).toBe("59s");
  expect(ageText(61_000)).toBe("1m1s");
  expect(ageText(-5000)).toBe("0s");
});
