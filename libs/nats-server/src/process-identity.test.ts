import { spawn } from "node:child_process";
import { once } from "node:events";

import { expect, test } from "vitest";

import { fromPs, processIdentity } from "./process-identity.ts";

test.each([
  ["the system's own way", processIdentity],
  ["ps", fromPs],
])("by %s a process has one identity while it lives and none afterwards", async (_, identify) => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => 0, 1000)"]);
  const pid = child.pid ?? -1;
  const identity = identify(pid);
  expect(identity).toMatch(/^\w+$/);
  expect(identify(pid)).toBe(identity);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(identify(pid)).toBeUndefined();
});
