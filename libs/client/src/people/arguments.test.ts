import { UserError } from "@baton/text/user-error";
import { expect, test } from "vitest";

import {
  candidateIdFrom,
  countFrom,
  durationFrom,
  holderFrom,
  identityFrom,
  laneFrom,
  reasonFrom,
} from "./arguments.ts";

function refusal(work: () => unknown): UserError["details"] {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError) return error.details;
    throw error;
  }
  throw new Error("nothing was refused");
}

test.each([
  "",
  "../../etc",
  "short",
  "-abcdef",
  "abcdef-",
  "ABCDEF",
  "a".repeat(64),
  "cand 12",
  "cand.12*",
])("candidateId %j is refused with its rule", (text) => {
  expect(refusal(() => candidateIdFrom(text))).toMatchObject({
    code: "E_INVALID",
    exit: 3,
    value: text,
    rule: "6 to 63 characters, only a-z, 0-9 and '-', neither starting nor ending with '-'",
  });
});

test("a lane may be named by its letter, whatever its case", () => {
  expect(["c", "C", "lane-c", "review", "closed"].map(holderFrom)).toEqual([
    "lane-c",
    "lane-c",
    "lane-c",
    "review",
    "closed",
  ]);
  expect(refusal(() => holderFrom("G")).rule).toContain("lane-a to lane-f");
});

test("a reason may be typed in lower case, but must be of the catalogue", () => {
  expect(reasonFrom("gate_failed")).toBe("GATE_FAILED");
  expect(refusal(() => reasonFrom("toString")).exit).toBe(3);
});

test.each([
  ["1s", 1000],
  ["30s", 30_000],
  ["5m", 300_000],
  ["24h", 86_400_000],
])("duration %s is %d ms", (text, ms) => {
  expect(durationFrom(text, "timeout")).toBe(ms);
});

test.each(["5", "-5m", "1e9h", "25h", "0s", "", "5 m", "1d", "Infinitys"])(
  "duration %j is refused",
  (text) => {
    expect(refusal(() => durationFrom(text, "timeout"))).toMatchObject({
      exit: 3,
      rule: "a duration like 30s, 5m or 2h; between 1s and 24h",
    });
  },
);

test.each(["0", "-1", "1.5", "1e3", "", "9999999999", "0x10"])("count %j is refused", (text) => {
  expect(refusal(() => countFrom(text, "limit", 1000)).exit).toBe(3);
});

test("an identity holds no control characters", () => {
  expect(identityFrom("Ada Lovelace <ada@example.org>")).toBe("Ada Lovelace <ada@example.org>");
  expect(refusal(() => identityFrom("a\u001b[2Jb")).exit).toBe(3);
});

test.each([
  [reasonFrom, "gate-faled", "GATE_FAILED"],
  [laneFrom, "lane_c", "lane-c"],
  [holderFrom, "reveiw", "review"],
  [holderFrom, "clsed", "closed"],
])("%s of %j is answered with what was meant: %s", (from, typed, meant) => {
  expect(refusal(() => from(typed)).action).toBe(`Did you mean ${meant}?`);
});
