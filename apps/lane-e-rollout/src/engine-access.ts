import { createEngine, type Engine } from "@baton/engine";

import type { RolloutOptions } from "./rollout-options.ts";

/** The engine that runs what main says; `signal` stops waiting for it. */
export function engineOf(
  { engineUrl, readToken }: Pick<RolloutOptions, "engineUrl" | "readToken">,
  signal: AbortSignal,
): Engine {
  return createEngine({ url: engineUrl, readToken, signal });
}
