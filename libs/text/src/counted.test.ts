import { expect, test } from "vitest";

import { counted } from "./counted.ts";

test("one is one, and everything else is many", () => {
  expect([0, 1, 2].map((count) => counted(count, "file"))).toEqual([
    "0 files",
    "1 file",
    "2 files",
  ]);
  expect(counted(1, "entry", "entries")).toBe("1 entry");
  expect(counted(3, "entry", "entries")).toBe("3 entries");
});
