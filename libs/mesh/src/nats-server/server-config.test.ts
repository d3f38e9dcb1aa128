import { expect, test } from "vitest";

import { serverEnvironment } from "./server-config.ts";

test.each([
  [1, "1"],
  [2, "1"],
  [9, "4"],
])("of %d cores the server keeps to %s", (cores, expected) => {
  const env = serverEnvironment({ HOME: "/root" }, { cores, syncAlways: false });
  expect(env).toEqual({ HOME: "/root", GOMAXPROCS: expected });
});

test("a server that waits for the disk gets all cores, and a choice of the user's counts", () => {
  expect(serverEnvironment({}, { cores: 4, syncAlways: true })).toEqual({});
  const chosen = { GOMAXPROCS: "3" };
  expect(serverEnvironment(chosen, { cores: 4, syncAlways: false })).toEqual(chosen);
});
