import { serveLane } from "@baton/lanekit";
import { historyGuard, openMesh } from "@baton/mesh";
import { openSandbox } from "@baton/sandbox";
import { LaneServiceConfig, meshOptionsOf, runService } from "@baton/service";

import { brokerPlaceOf, LaneEConfig } from "./config.ts";
import { rolloutLane } from "./lane.ts";
import { registryOf } from "./open-registry.ts";

await runService({
  name: "lane-e",
  config: LaneServiceConfig.extend(LaneEConfig),
  start: async (service) => {
    const { config } = service;
    const mesh = await openMesh({ ...meshOptionsOf(service), storesAs: "lane-e" });
    const sandbox = await openSandbox({ setting: config.BATON_SANDBOX });
    const lane = rolloutLane({
      sandbox,
      repository: config.BATON_GITOPS_REPO,
      strategyRepository: config.BATON_STRATEGY_REPO,
      cacheDir: config.BATON_WORK_DIR,
      engineUrl: config.BATON_ENGINE_URL,
      readToken: config.BATON_READ_TOKEN,
      broker: brokerPlaceOf(config),
      mesh,
      history: historyGuard(mesh),
      verifyMs: config.BATON_VERIFY_MS,
      token: config.BATON_GITOPS_TOKEN,
      registry: await registryOf(service, mesh),
    });
    serveLane(lane, { service, mesh, sandbox });
  },
});
