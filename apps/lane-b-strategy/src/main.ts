import { ownFolder, privateFolder } from "@baton/files";
import { serveLane } from "@baton/lanekit";
import { openMesh } from "@baton/mesh";
import { openSandbox } from "@baton/sandbox";
import { LaneServiceConfig, meshOptionsOf, runService } from "@baton/service";

import { LaneBConfig } from "./config.ts";
import { strategyLane } from "./lane.ts";

await runService({
  name: "lane-b",
  config: LaneServiceConfig.extend(LaneBConfig),
  start: async (service) => {
    const { BATON_STRATEGY_REPO: repository, BATON_SCRATCH_DIR: given } = service.config;
    const made = given === undefined ? await privateFolder("lane-b") : undefined;
    const scratchDir = made?.path ?? (await ownFolder(given ?? ""));
    service.onShutdown("scratch", async () => made?.remove());
    const sandbox = await openSandbox({ setting: service.config.BATON_SANDBOX });
    const lane = strategyLane({ repository, scratchDir, sandbox });
    serveLane(lane, {
      service,
      sandbox,
      mesh: await openMesh({ ...meshOptionsOf(service), storesAs: "lane-b" }),
    });
  },
});
