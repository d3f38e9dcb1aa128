/** The kill switch: M1 of decide-control. */
import { isSamePerson } from "@baton/contracts";

import {
  type ControlCommandOf,
  type ControlDecision,
  type ControlQuestion,
  actOf,
  next,
} from "./control-step.ts";
import { reject } from "./decision.ts";
import { after, instantMs } from "./instant.ts";

/** Seconds within which the second person must ask for the release too. */
const RELEASE_SECONDS = 3600;

/** Engages it, or takes back what was asked for its release. */
export function engage(
  question: ControlQuestion,
  command: ControlCommandOf<"kill-switch">,
): ControlDecision {
  const current = question.last?.controls.killSwitch;
  if (!current) {
    const killSwitch = { ...actOf(question, command), releases: [] };
    return next(question, {
      killSwitch,
      detail: `Kill switch engaged by ${command.by}: ${command.why}`,
    });
  }
  if (current.releases.length === 0) return { kind: "ignore", why: "duplicate" };
  const names = current.releases.map(({ by }) => by).join(", ");
  const detail = `Kill switch stays engaged, says ${command.by}: ${command.why}. Taken back: its release by ${names}`;
  return next(question, { killSwitch: { ...current, releases: [] }, detail });
}

/** Asks for its release; the second person's wish releases it. */
export function release(
  question: ControlQuestion,
  command: ControlCommandOf<"release-kill-switch">,
): ControlDecision {
  const { now } = question;
  const current = question.last?.controls.killSwitch;
  if (!current)
    return reject("E_CONFLICT", "the kill switch isn't engaged", "`baton get controls` shows it.");
  const given = current.releases.filter(({ expires }) => instantMs(now) < instantMs(expires));
  if (given.some(({ by }) => isSamePerson(by, command.by))) {
    return reject(
      "E_CONFLICT",
      `${command.by} has asked for the release already`,
      "It takes a second person.",
    );
  }
  const own = { ...actOf(question, command), expires: after(now, RELEASE_SECONDS) };
  const releases = [...given, own];
  if (releases.length < 2) {
    const detail = `Release of the kill switch asked for by ${command.by}: ${command.why}. A second person is needed by ${own.expires}`;
    return next(question, { killSwitch: { ...current, releases }, detail });
  }
  const names = releases.map(({ by }) => by).join(" and ");
  const detail = `Kill switch released by ${names}: ${command.why}. It was engaged since ${current.time} by ${current.by}`;
  return next(question, { killSwitch: null, detail });
}
