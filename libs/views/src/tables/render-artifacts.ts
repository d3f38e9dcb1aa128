import type { ArtifactRef } from "@baton/contracts";

import { renderTable } from "./render-table.ts";

/** Artifacts as a table; digests are whole, because people copy them. */
export function renderArtifacts(artifacts: readonly ArtifactRef[]): string {
  if (artifacts.length === 0) return "No artifacts yet.\n";
  return renderTable(
    ["NAME", "BYTES", "STAGE", "RUN", "SHA256"].map((heading) => ({ heading })),
    artifacts.map(({ name, bytes, stage, runId, sha256 }) => [
      name,
      String(bytes),
      stage,
      runId,
      sha256,
    ]),
    Infinity,
  );
}
