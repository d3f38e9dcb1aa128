/** Whose a stage run's folder is: processes by number, start and boot, so that no other one is ever taken for them. */
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

import { StageFailure } from "@baton/lanekit";
import { z } from "zod";

const ProcessName = z.object({ pid: z.int().positive(), start: z.string() });
type ProcessName = z.infer<typeof ProcessName>;

/** The lane that works in it, and the first process of what it runs there. */
export const Claim = z.object({
  boot: z.string(),
  lane: ProcessName,
  agent: ProcessName.optional(),
});
export type Claim = z.infer<typeof Claim>;

/** From its killing to the last moment at which a process may still be there. */
const GONE_MS = 2000;

/** This process's claim; `agent` once there is one. */
export function ownClaim(agent?: number): Claim {
  const claim = { boot: bootId(), lane: nameOf(process.pid) };
  return agent === undefined ? claim : { ...claim, agent: nameOf(agent) };
}

/**
 * Ends what an earlier attempt left running: nothing of it is adopted. Throws a StageFailure (transient) where another lane's process
 * works in the folder.
 */
export async function sweepClaim({ boot, lane, agent }: Claim): Promise<void> {
  if (boot !== bootId()) return;
  if (lane.pid !== process.pid && isThere(lane))
    throw new StageFailure({
      class: "transient",
      code: "E_CLAIMED",
      message: `process ${lane.pid} of this machine works on this stage run`,
      action: "Give each lane service a folder of its own (BATON_SCRATCH_DIR).",
    });
  if (agent === undefined) return;
  const deadline = performance.now() + GONE_MS;
  while (isThere(agent) && performance.now() < deadline) {
    killAll(agent.pid);
    await delay(10);
  }
}

function isThere({ pid, start }: ProcessName): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return false;
  }
  return startOf(pid) === start;
}

/** With the first process of a process namespace all others end; without a sandbox it leads a group. */
function killAll(pid: number): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, "SIGKILL");
    } catch {
      // It's gone, or no group.
    }
  }
}

function nameOf(pid: number): ProcessName {
  return { pid, start: startOf(pid) };
}

/** When it began, by the kernel's count; empty where there's no /proc, and for one that has ended. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name stands in parentheses and may hold anything, so count from its end.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? "" : (fields[19] ?? "");
  } catch {
    return "";
  }
}

function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "";
  }
}
