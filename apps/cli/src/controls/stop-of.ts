/** The control that a stopped candidate waits for, and whether it is still there. Pure. */
import type { Controls, Entry, GitTask, Incident, KillSwitchState } from "@baton/contracts";
import { isStopped } from "@baton/playbook";

/** What it waits for. `over`: it isn't there any more; a coordinator lets the candidate go on. */
export type StopOf =
  | { readonly kind: "kill-switch"; readonly killSwitch: KillSwitchState }
  | { readonly kind: "incident"; readonly incident: Incident }
  | { readonly kind: "task"; readonly task: GitTask }
  | { readonly kind: "over" };

/** Undefined if the candidate isn't stopped by a control. */
export function stopOf(entry: Entry, controls: Controls | undefined): StopOf | undefined {
  if (!isStopped(entry)) return undefined;
  const { reason, detail } = entry;
  if (reason === "KILL_SWITCH") {
    const killSwitch = controls?.killSwitch;
    return killSwitch ? { kind: "kill-switch", killSwitch } : { kind: "over" };
  }
  // An entry names in its detail which of them it waits for.
  if (reason === "FROZEN") {
    const incident = controls?.incidents.find(({ id }) => detail.includes(id));
    return incident ? { kind: "incident", incident } : { kind: "over" };
  }
  const task = controls?.tasks.find(({ id }) => detail.includes(id));
  return task ? { kind: "task", task } : { kind: "over" };
}
