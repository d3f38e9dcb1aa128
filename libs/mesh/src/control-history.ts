import type { StoredControls } from "@baton/contracts";

import type { MeshControls } from "./controls.ts";

/** Most states that are read back. People make them one by one, so this is years. */
const MAX_STATES = 10_000;

/** The controls were changed more often than anybody reads back. */
export class ControlHistoryTooLong extends Error {
  override readonly name = "ControlHistoryTooLong";
  readonly code = "E_LIMIT";
  readonly class = "deterministic";
  readonly action =
    "Tell the maintainers: nothing that rests on the controls' history can be shown.";
}

/**
 * The states from `last` back, the latest first, for as long as `wanted` says so of the one that it ends with. Throws
 * `ControlHistoryTooLong`, and what the store throws.
 */
export async function controlHistory(
  controls: Pick<MeshControls, "at">,
  last: StoredControls | undefined,
  wanted: (earliest: StoredControls) => boolean = () => true,
): Promise<StoredControls[]> {
  const states: StoredControls[] = [];
  for (let at = last; at; at = await controls.at(at.controls.prev)) {
    if (states.length >= MAX_STATES) {
      const message = `the mesh's controls were changed more than ${MAX_STATES} times`;
      throw new ControlHistoryTooLong(message);
    }
    states.push(at);
    if (at.controls.prev === 0 || !wanted(at)) break;
  }
  return states;
}
