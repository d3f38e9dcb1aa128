import type { Broker } from "@baton/brokerage";
import { StageFailure } from "@baton/lanekit";

import { asked } from "./broker-access.ts";

/** Who holds the kill switch of an account, as a sentence; undefined if it isn't engaged. */
export async function engagedSwitch(broker: Broker): Promise<string | undefined> {
  const { all, account } = await asked(broker.killSwitch.get());
  const by = all.engaged ? all : account;
  if (!by.engaged) return undefined;
  const whose = by === all ? "of all accounts" : `of account ${broker.account}`;
  return `the kill switch ${whose} is engaged since ${by.since} by ${by.by}: ${by.reason}`;
}

/** Refuses (policy) to promote anything while a kill switch is engaged (J7). */
export async function requireNoKillSwitch(broker: Broker): Promise<void> {
  const engaged = await engagedSwitch(broker);
  if (engaged === undefined) return;
  throw new StageFailure({
    class: "policy",
    code: "E_KILL_SWITCH",
    message: engaged,
    action: "Nothing is promoted until a person releases it; then `baton resume`.",
  });
}
