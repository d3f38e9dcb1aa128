import { openMesh } from "@baton/mesh";
import { meshOptionsOf, runService } from "@baton/service";

import { CoordinatorConfig } from "./config.ts";
import { serveCoordinator } from "./serve-coordinator.ts";

await runService({
  name: "coordinator",
  config: CoordinatorConfig,
  start: async (service) => {
    const mesh = await openMesh({ ...meshOptionsOf(service), provision: true });
    service.onShutdown("mesh", async () => mesh[Symbol.asyncDispose]());
    await serveCoordinator(service, mesh);
  },
});
