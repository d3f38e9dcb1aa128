import { serveLane } from "@baton/lanekit";
import { openMesh } from "@baton/mesh";
import { openSandbox, SandboxConfig } from "@baton/sandbox";
import { LaneServiceConfig, meshOptionsOf, runService } from "@baton/service";

import { backtestLane } from "./lane.ts";

await runService({
  name: "lane-c",
  config: LaneServiceConfig.extend(SandboxConfig),
  start: async (service) => {
    const sandbox = await openSandbox({ setting: service.config.BATON_SANDBOX });
    serveLane(backtestLane({ sandbox }), {
      service,
      sandbox,
      mesh: await openMesh({ ...meshOptionsOf(service), storesAs: "lane-c" }),
    });
  },
});
