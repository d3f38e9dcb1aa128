import { openMesh } from "@baton/mesh";
import { meshOptionsOf, runService } from "@baton/service";

import { EscalationConfig } from "./config.ts";
import { policyOf, serveEscalation } from "./serve-escalation.ts";

await runService({
  name: "escalation",
  config: EscalationConfig,
  start: async (service) => {
    const policy = await policyOf(service);
    const mesh = await openMesh(meshOptionsOf(service));
    service.onShutdown("mesh", async () => mesh[Symbol.asyncDispose]());
    await serveEscalation(service, { mesh, policy });
  },
});
