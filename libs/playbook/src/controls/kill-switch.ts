/** The kill switch: M1 of decide-control. */
import { isSamePerson } from "@baton/contracts";

import { reject } from "../candidate/decision.ts";
import { after, instantMs } from "../instant.ts";
import {
  type ControlCommandOf,
  type ControlDecision,
  type ControlQuestion,
  actOf,
  next,
} from "./control-step.ts";

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
      about: { kind: "engaged" },
    });
  }
  if (current.releases.length === 0) return { kind: "ignore", why: "duplicate" };
  const takenBack = current.releases.map(({ by }) => by);
  const about = { kind: "kept-engaged", takenBack } as const;
  return next(question, { killSwitch: { ...current, releases: [] }, about });
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
    const about = { kind: "release-asked", until: own.expires } as const;
    return next(question, { killSwitch: { ...current, releases }, about });
  }
  const about = {
    kind: "released",
    by: releases.map(({ by }) => by),
    since: current.time,
    engagedBy: current.by,
  } as const;
  return next(question, { killSwitch: null, about });
}
