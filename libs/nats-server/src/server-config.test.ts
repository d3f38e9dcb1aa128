import { ACCOUNT_CONNECTIONS, KINDS } from "@baton/mesh";
import { expect, test } from "vitest";

import { maxConnections, serverCpu, serverEnvironment } from "./server-config.ts";

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

test("all keys at their bound leave most of the server's connections to those who haven't signed in yet", () => {
  expect(KINDS.length * ACCOUNT_CONNECTIONS).toBeLessThan(maxConnections(machine) / 2);
});

test.each([
  ["any number of files", undefined, 8, 8192],
  ["20000 files", 20_000, 8, 8192],
  ["4096 files: the store needs some", 4096, 8, 3072],
  ["1024 files", 1024, 8, 512],
  ["512 MiB of memory", 20_000, 0.5, 4096],
])(
  "with %s the server takes as many connections as it can bear",
  (_what, openFiles, gib, expected) => {
    expect(maxConnections({ cores: 2, memoryBytes: gib * 1024 ** 3, openFiles })).toBe(expected);
  },
);

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
