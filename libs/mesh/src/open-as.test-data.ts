import { ARTIFACT_WRITERS } from "@baton/contracts";
import type { TestNats } from "@baton/testkit";

import type { Kind } from "./access.ts";
import { type Mesh, openMesh } from "./mesh.ts";

/** A mesh as a process of that kind opens it. */
export function openAs(
  nats: Pick<TestNats, "url" | "seedOf">,
  kind: Kind,
  more: Partial<Parameters<typeof openMesh>[0]> = {},
): Promise<Mesh> {
  const provision = kind === "coordinator";
  const seed = nats.seedOf(kind);
  const storesAs = ARTIFACT_WRITERS.find((writer) => writer === kind) ?? "coordinator";
  return openMesh({
    url: nats.url,
    name: kind,
    seed,
    provision,
    storesAs,
    syncAlways: true,
    ...more,
  });
}
