/** What tests of a sandbox run in it, and how they look for what is left of it. */
import { readdirSync, readFileSync } from "node:fs";

import type { TestContext } from "vitest";

import { openSandbox } from "../open-sandbox.ts";
import type { SandboxCall, SandboxEnd, SandboxPlan } from "../plan.ts";

export const sandbox = await openSandbox({ setting: "required" });

/** Why there is nothing to test on this machine; said once, as tests that didn't run look like tests that passed. */
export const trouble = sandbox.trouble();
if (trouble !== undefined)
  process.stderr.write(
    `\nNOT TESTED: what runs in the sandbox. ${trouble.message}. ${trouble.action}\n\n`,
  );

/** For `beforeEach`. */
export function skipWithout({ skip }: TestContext): void {
  skip(trouble !== undefined, trouble?.message);
}

type Rest = Omit<SandboxPlan, "command">;

/** Runs a shell script. */
export function shell(script: string, rest: Rest = {}, call: Partial<SandboxCall> = {}) {
  return run({ command: ["/bin/sh", "-c", script], ...rest }, call);
}

/** Runs a script of Node's. */
export function node(script: string, rest: Rest = {}, call: Partial<SandboxCall> = {}) {
  return run({ command: [process.execPath, "--eval", script], ...rest }, call);
}

function run(plan: SandboxPlan, call: Partial<SandboxCall>): Promise<SandboxEnd> {
  return sandbox.run(plan, { signal: new AbortController().signal, ...call });
}

/** Numbers of processes whose command line has `mark` in it, this one's not. */
export function survivors(mark: string): number[] {
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(mark) ? [pid] : [];
    } catch {
      return [];
    }
  });
}
