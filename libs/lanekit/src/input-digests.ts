import type { ArtifactRef } from "@baton/contracts";

import type { StageContext } from "./define-lane.ts";

/** Name and digest of those of `names` that the run has; observed ones are left out, as their bytes depend on the clock. */
export function inputDigests(
  { inputs }: Pick<StageContext, "inputs">,
  names: readonly string[],
): Pick<ArtifactRef, "name" | "sha256">[] {
  return names.flatMap((name) => {
    const ref = inputs.find((input) => input.name === name);
    return ref === undefined || name.startsWith("observed/") ? [] : [{ name, sha256: ref.sha256 }];
  });
}
