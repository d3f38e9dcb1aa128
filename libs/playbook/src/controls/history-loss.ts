/** What a loss of the mesh's history leads to: M4 of decide-control. */
import {
  cut,
  epochOf,
  type KillSwitchState,
  LOSS_FOUND_BY,
  lossThatStops,
  UNKNOWN_LOSS,
} from "@baton/contracts";

import { reject } from "../candidate/decision.ts";
import {
  actOf,
  type ControlCommandOf,
  type ControlDecision,
  type ControlQuestion,
  next,
} from "./control-step.ts";

/** Engages the kill switch; what is lost stays lost until people accept it or bring it back. */
export function stopForLoss(
  question: ControlQuestion,
  { loss, text }: { readonly loss: string; readonly text: string },
): ControlDecision {
  const { last, now } = question;
  if (!last || last.controls.killSwitch) return { kind: "ignore", why: "duplicate" };
  const why = cut(`E_LOG_RESET ${loss}: ${text}`);
  const killSwitch = { by: LOSS_FOUND_BY, why, time: now, commandId: loss, releases: [] };
  return next(question, { killSwitch, about: { kind: "engaged" } });
}

/**
 * Begins a new epoch from what there is. The kill switch is engaged, whether it was or not: an engaged one may be among what
 * is lost. One that the loss itself engaged is from now on the accepter's: that loss is over.
 */
export function acceptLoss(
  question: ControlQuestion,
  command: ControlCommandOf<"accept-loss">,
): ControlDecision {
  const { last, facts } = question;
  const { loss, epoch = 1, heads = {} } = facts.history ?? {};
  if (command.loss !== (loss?.id ?? UNKNOWN_LOSS)) {
    const known = loss ? `what is lost is ${loss.id}: ${loss.text}` : "nothing is known to be lost";
    const action = loss
      ? `Bring it back from a copy, or accept exactly this: \`baton accept-loss ${loss.id} --why …\`.`
      : "`baton doctor` says what is wrong.";
    return reject("E_CONFLICT", `${command.loss} isn't what is lost; ${known}`, action);
  }
  const what = loss?.text ?? "what another process knows of";
  const why = cut(`history was lost (${what}), accepted by ${command.by}: ${command.why}`);
  const engaged = last?.controls.killSwitch;
  const before = engaged && lossThatStops(engaged) === undefined ? engaged : undefined;
  const killSwitch: KillSwitchState = {
    ...(before ?? { ...actOf(question, command), why }),
    releases: [],
  };
  const number = Math.max(epoch, last ? epochOf(last.controls) : 1) + 1;
  const about = { kind: "epoch", n: number, lost: what } as const;
  return next(question, { epoch: { n: number, heads: { ...heads } }, killSwitch, about });
}
