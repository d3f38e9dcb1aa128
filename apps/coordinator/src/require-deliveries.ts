import type { Playbook, StageRule } from "@baton/playbook";
import { EXIT, StartFailure } from "@baton/service";

/**
 * Refuses a cap of deliveries that would end a stage before its own policy does: the last delivery must still be one that
 * the policy allows. Throws `StartFailure` that names both settings.
 */
export function requireDeliveries(playbook: Playbook, maxDeliver: number): void {
  const rules = [...playbook.stages.values()];
  const worst = rules.reduce((most, rule) => (retriesOf(rule) > retriesOf(most) ? rule : most));
  const retries = retriesOf(worst);
  if (maxDeliver > retries) return;
  throw new StartFailure({
    code: "E_PLAYBOOK",
    exitCode: EXIT.invalidInput,
    message: `BATON_MAX_DELIVER is ${maxDeliver}, but the playbook's failurePolicies.transient.maxRetries is ${retries} (stage ${worst.stage}): its last retries would never be delivered`,
    action: `Set BATON_MAX_DELIVER above ${retries} for the coordinator and every lane, or lower maxRetries in the playbook.`,
  });
}

function retriesOf({ policies }: StageRule): number {
  return policies.transient.maxRetries;
}
