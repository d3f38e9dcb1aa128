import { openMesh } from "@baton/mesh";
import { meshOptionsOf, runService } from "@baton/service";

import { CoordinatorConfig } from "./config.ts";
import { readPlaybook } from "./playbook-shelf.ts";
import { requireDeliveries } from "./require-deliveries.ts";
import { serveCoordinator } from "./serve-coordinator.ts";

await runService({
  name: "coordinator",
  config: CoordinatorConfig,
  start: async (service) => {
    // Before anything is made on the server that has to fit it.
    const playbook = await readPlaybook(service.config.BATON_PLAYBOOK);
    requireDeliveries(playbook, service.config.BATON_MAX_DELIVER);
    const mesh = await openMesh({ ...meshOptionsOf(service), provision: true });
    service.onShutdown("mesh", async () => mesh[Symbol.asyncDispose]());
    await serveCoordinator(service, mesh, playbook);
  },
});
