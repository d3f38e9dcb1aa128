/**
 * The engine's own stop: while it increases nothing in any account, nothing that is promoted comes to run. Nothing is wrong
 * with a candidate then, so it waits, as for a service that is away, and goes on by itself when the stop is over.
 */
import { cut, type Failure } from "@baton/contracts";

import type { MainLoss, RunningStrategies } from "./strategy-configmap.ts";

/** Why the engine increases nothing, as a lane says it; undefined if it does. */
export function engineStop({
  mainLost,
  controls,
}: Pick<RunningStrategies, "mainLost" | "controls">): Failure | undefined {
  if (mainLost) return mainStop(mainLost);
  const stop = controls?.stop ?? null;
  if (stop === null) return undefined;
  return {
    class: "transient",
    code: "E_ENGINE_STOPPED",
    message: cut(`the engine increases nothing: ${stop}`, 600),
    action: "Mend what it names (`baton doctor`); then it goes on by itself.",
  };
}

/** That main doesn't go on from what the engine obeyed. */
export function mainStop({ obeyed, head }: MainLoss): Failure {
  return {
    class: "transient",
    code: "E_MAIN_RESET",
    message: `main is at ${head.slice(0, 12)}, which doesn't go on from ${obeyed}, the newest that the engine obeyed: it increases nothing`,
    action:
      "Bring main back, or accept what it has (`baton doctor` names both ways); then it goes on by itself.",
  };
}
