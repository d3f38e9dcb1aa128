/** The same without a sandbox, for those who have switched it off: bounds of time, output and memory, and no more. */
import { spawn } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";

import { privateFolder } from "@baton/files";

import { environmentOf } from "./bubblewrap-arguments.ts";
import { feed } from "./feed.ts";
import { holdProcess } from "./hold-process.ts";
import { DEFAULT_LIMITS, type SandboxCall, type SandboxEnd, type SandboxPlan } from "./plan.ts";
import { unavailable } from "./unavailable.ts";

/** Runs the plan as a process of this user that sees all that this user sees. */
export async function runPlainly(plan: SandboxPlan, call: SandboxCall): Promise<SandboxEnd> {
  const made = await privateFolder("unprotected");
  try {
    const tree = plan.tree ?? join(made.path, "tree");
    const temporary = join(made.path, "tmp");
    await mkdir(temporary);
    await fill(plan, tree);
    const [program, ...args] = plan.command;
    const child = spawn(program, args, {
      cwd: tree,
      env: systemOf(environmentOf(plan, temporary)),
      stdio: [plan.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      detached: true,
    });
    if (child.pid !== undefined) call.onStart?.(child.pid);
    feed(child.stdin, plan.input);
    let missing: Error | undefined;
    child.once("error", (error) => (missing = error));
    const ended = await holdProcess(
      {
        child,
        limits: { ...DEFAULT_LIMITS, ...plan.limits },
        root: () => child.pid,
        kill: () => endGroup(child.pid),
        exitCode: () => exitCodeOf(child),
        refusal: () => ({
          kind: "refused",
          failure: unavailable(`${program} can't be started: ${missing?.message ?? "no reason"}`),
        }),
      },
      call,
    );
    return { ...ended, tree };
  } finally {
    await made.remove();
  }
}

async function fill({ files = {}, folders = {} }: SandboxPlan, tree: string): Promise<void> {
  await mkdir(tree, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(tree, name)), { recursive: true });
    await writeFile(join(tree, name), content);
  }
  for (const [name, from] of Object.entries(folders)) {
    await mkdir(dirname(join(tree, name)), { recursive: true });
    await symlink(from, join(tree, name));
  }
}

/** Programs may be elsewhere than on the PATH of a sandbox, such as on a Mac. */
function systemOf(environment: Record<string, string>): Record<string, string> {
  const path = [environment["PATH"], process.env["PATH"]].filter(Boolean).join(delimiter);
  return { ...environment, PATH: path };
}

function exitCodeOf(child: {
  exitCode: number | null;
  signalCode: NodeJS.Signals | null;
}): number | undefined {
  const { exitCode, signalCode } = child;
  return signalCode === null ? (exitCode ?? undefined) : 128 + constants.signals[signalCode];
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It's gone.
  }
}
