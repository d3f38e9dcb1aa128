/** The mesh's kill switch, where it is in the way of what a stage must show by orders: nothing failed, the stage waits. */
import { StageFailure } from "@baton/lanekit";

import type { EvidenceOptions, World } from "./ports.ts";

/** Sequence of the controls, to tell afterwards whether they moved meanwhile. */
export async function controlsNow(controls: EvidenceOptions["controls"]): Promise<number> {
  return (await controls.last())?.sequence ?? 0;
}

/**
 * Throws a StageFailure while the mesh's switch is engaged (policy: the stage goes on by itself once it is released), and
 * while the broker hasn't followed its release yet (transient). `what` waits for it.
 */
export async function requireNoMeshSwitch(
  world: World,
  controls: EvidenceOptions["controls"],
  what: string,
): Promise<void> {
  const state = (await controls.last())?.controls.killSwitch ?? null;
  if (state)
    throw new StageFailure({
      class: "policy",
      code: "E_KILL_SWITCH",
      message: `${what}: the mesh's kill switch is engaged since ${state.time} by ${state.by}: ${state.why}`,
      action: "Two people release it (`baton get controls`); then it goes on by itself.",
    });
  const { mesh } = await world.broker("paper").killSwitch.get();
  if (!mesh.engaged) return;
  throw new StageFailure({
    class: "transient",
    code: "E_BROKER_BEHIND",
    message: "the mesh's kill switch is released, the broker's isn't yet",
    action: "The engine releases it; check that the engine is ready.",
  });
}

/** Throws a StageFailure (transient) if a switch came and went since `before`: what failed meanwhile says nothing. */
export async function requireUnmoved(
  controls: EvidenceOptions["controls"],
  before: number,
): Promise<void> {
  const now = await controlsNow(controls);
  if (now === before) return;
  throw new StageFailure({
    class: "transient",
    code: "E_CONTROLS_MOVED",
    message: `the mesh's controls changed while orders were tried (${before} to ${now}): what failed says nothing`,
    action: "Nothing to do: it is tried again.",
  });
}
