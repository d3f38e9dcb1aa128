/** Which stages change what runs, and where incidents lead: read from the playbook's edges, not named anew. */
import type { Entry, Stage } from "@baton/contracts";

import type { Playbook, StageRule } from "./playbook.ts";

/** True for a stage that changes what runs: it acts, and what fails in it is an incident. */
export function promotes(rule: StageRule): boolean {
  return rule.mutable && rule.incident !== null;
}

/**
 * True for a stage that can't do its work while the kill switch is engaged: of a lane that promotes, or one whose failure is an
 * incident. What such stages try on purpose (orders, drills) would be refused, and read as the candidate's failure.
 */
export function waitsForKillSwitch(playbook: Playbook, rule: StageRule): boolean {
  if (rule.incident !== null) return true;
  return [...playbook.stages.values()].some((one) => one.lane === rule.lane && promotes(one));
}

/** The stage that incidents lead to; undefined where the playbook has none. */
export function recoveryStage(playbook: Playbook): Stage | undefined {
  for (const { incident } of playbook.stages.values()) if (incident !== null) return incident;
  return undefined;
}

/**
 * True if a strategy of the candidate may run: one of its runs was handed to a stage that changes what runs, and recovery hasn't
 * taken it out since. An entry of an older release doesn't say so itself; there its run's stages tell.
 */
export function isPromoted(
  playbook: Playbook,
  { visited, promoted }: Pick<Entry, "visited" | "promoted">,
): boolean {
  if (promoted !== undefined) return promoted;
  return visited.some((stage) => {
    const rule = playbook.stages.get(stage);
    return rule !== undefined && promotes(rule);
  });
}
