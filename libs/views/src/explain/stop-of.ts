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
  const { about } = entry;
  if (about.kind !== "stopped") return { kind: "over" };
  const { by } = about;
  switch (by.kind) {
    case "kill-switch": {
      const killSwitch = controls?.killSwitch;
      return killSwitch ? { kind: "kill-switch", killSwitch } : { kind: "over" };
    }
    case "incident": {
      const incident = controls?.incidents.find(({ id }) => id === by.id);
      return incident ? { kind: "incident", incident } : { kind: "over" };
    }
    case "task": {
      const task = controls?.tasks.find(({ id }) => id === by.id);
      return task ? { kind: "task", task } : { kind: "over" };
    }
  }
}
