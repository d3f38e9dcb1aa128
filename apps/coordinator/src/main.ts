import { openMesh } from "@baton/mesh";
import { meshOptionsOf, runService, type ServiceContext } from "@baton/service";

import { CoordinatorConfig } from "./config.ts";
import { openHistoryKeeper, refusalOf } from "./history-keeper.ts";
import { standStill } from "./loss-room.ts";
import { untilMainIsRead } from "./main-room.ts";
import { type MarkSources, openMarkBook } from "./mark-book.ts";
import { openRegistry } from "./open-registry.ts";
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
    const people = await openRegistry(service);
    const book = await openMarkBook(markSources(service));
    const mesh = await openMesh({ ...meshOptionsOf(service), provision: "asked" });
    service.onShutdown("mesh", async () => mesh[Symbol.asyncDispose]());
    const { log, meter } = service;
    const history = openHistoryKeeper({ mesh, book, log, meter });
    service.registerCheck("history", () => {
      const lost = history.lost();
      return lost ? { ok: false, reason: `E_LOG_RESET ${refusalOf(lost).message}` } : { ok: true };
    });
    await untilMainIsRead(service, { mesh, keeper: history, playbook, people, book });
    for (;;) {
      const state = await mesh.provision(book.known());
      history.see(state);
      if (state.kind !== "lost") break;
      await standStill(service, { mesh, keeper: history, playbook, people });
    }
    await history.keep();
    await serveCoordinator(service, { mesh, playbook, history, people });
  },
});

function markSources({ config, signal }: ServiceContext<CoordinatorConfig>): MarkSources {
  const repository = config.BATON_GITOPS_REPO;
  const token = config.BATON_GITOPS_TOKEN;
  const gitops = repository === undefined ? undefined : { repository, token };
  return { file: config.BATON_MARK_FILE, gitops, signal };
}
