/** The one action that works for a candidate that the mesh's controls stopped or lead to recovery. Pure. */
import type { Controls, Entry } from "@baton/contracts";
import { instantMs } from "@baton/playbook";

import type { Explanation } from "./explanation.ts";
import { stopOf, type StopOf } from "./stop-of.ts";

/** The explanation with that action; as it is where no control matters. `now` in milliseconds since 1970. */
export function underControls<E extends Explanation>(
  said: E,
  entry: Entry,
  { controls, now }: { controls: Controls | undefined; now: number },
): E {
  const stop = stopOf(entry, controls);
  const action = stop ? actionFor(stop, now) : recoveryAction(entry, controls);
  return action === undefined ? said : { ...said, action };
}

/** True if the controls are needed to explain this entry. */
export function needsControls({ reason, incident }: Entry): boolean {
  return ["KILL_SWITCH", "FROZEN", "PROMOTION_BLOCKED"].includes(reason) || incident != null;
}

function actionFor(stop: StopOf, now: number): string {
  switch (stop.kind) {
    case "kill-switch": {
      const asked = stop.killSwitch.releases.find(({ expires }) => instantMs(expires) > now);
      const release = "`baton kill-switch release --why …`";
      return asked
        ? `${release} by a second person than ${asked.by}, before ${asked.expires}; it then goes on by itself.`
        : `${release} by two people within an hour of each other; it then goes on by itself.`;
    }
    case "incident":
      return `\`baton incident close ${stop.incident.id} --why …\` once that is mended; it then goes on by itself.`;
    case "task":
      return `Bring ${stop.task.ticket}'s change of ${stop.task.scope} to Git, then \`baton close-task ${stop.task.id} --commit SHA --why …\`; it then goes on by itself.`;
    case "over":
      return "Nothing: that is over and it goes on by itself in a moment. If it doesn't, `baton doctor`.";
  }
}

function recoveryAction(
  { reason, incident }: Entry,
  controls: Controls | undefined,
): string | undefined {
  const open = controls?.incidents.find(({ id }) => id === incident?.id);
  if (reason !== "INCIDENT" || !open) return undefined;
  return `Nothing yet: recovery runs its five checks. When it is through, \`baton incident close ${open.id} --why …\`.`;
}
