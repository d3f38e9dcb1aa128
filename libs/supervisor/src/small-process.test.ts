import { spawn } from "node:child_process";
import { once } from "node:events";
import { getPriority } from "node:os";

import { expect, test } from "vitest";

import { letYield } from "./small-process.ts";

test("a process that yields has a lower priority than we, and what it starts too", async () => {
  const program = `process.stdin.once("data", () => {
    const { execFileSync } = require("node:child_process");
    const ask = "process.stdout.write(String(require('node:os').getPriority()))";
    process.stdout.write(execFileSync(process.execPath, ["-e", ask]));
  });`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["pipe", "pipe", "inherit"] });
  const own = getPriority();
  const pid = child.pid ?? 0;
  letYield(pid);
  expect(getPriority(pid)).toBeGreaterThan(own);
  const yielding = getPriority(pid);
  child.stdin.end("go");
  const [answer] = await once(child.stdout, "data");
  expect(Number(String(answer))).toBe(yielding);
  await once(child, "exit");
  expect(() => letYield(pid)).not.toThrow();
});
