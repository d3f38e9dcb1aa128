import { expect, test } from "vitest";

import { serverCpu, serverEnvironment } from "./server-config.ts";

const machine = { cores: 4, memoryBytes: 8 * 1024 ** 3 };

test.each([
  [1, "1"],
  [2, "1"],
  [9, "4"],
])("of %d cores the server keeps to %s", (cores, expected) => {
  const { GOMAXPROCS } = serverEnvironment({}, { ...machine, cores });
  expect(GOMAXPROCS).toBe(expected);
});

test("its heap may grow fivefold between collections, and up to half of the memory", () => {
  expect(serverEnvironment({}, machine)).toMatchObject({ GOGC: "400", GOMEMLIMIT: "4096MiB" });
});

test("what the user chose counts", () => {
  const chosen = { GOMAXPROCS: "3", GOGC: "100", GOMEMLIMIT: "1GiB", HOME: "/root" };
  expect(serverEnvironment(chosen, machine)).toEqual(chosen);
});

test.each([
  ["1", [0, 1], 1],
  ["1", [4, 6], 6],
  ["1", [3], undefined],
  ["1", [0, 1, 2], undefined],
  ["1", [], undefined],
  ["2", [0, 1], undefined],
  [undefined, [0, 1], undefined],
])("a server on GOMAXPROCS %s, allowed %j, is held to %s", (GOMAXPROCS, allowed, cpu) => {
  expect(serverCpu({ GOMAXPROCS }, allowed)).toBe(cpu);
});
