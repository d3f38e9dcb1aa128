import { serveLane } from "@baton/lanekit";
import { openMesh } from "@baton/mesh";
import { LaneServiceConfig, meshOptionsOf, runService } from "@baton/service";

import { LaneAConfig } from "./config.ts";
import { researchLane } from "./lane.ts";

await runService({
  name: "lane-a",
  config: LaneServiceConfig.extend(LaneAConfig),
  start: async (service) => {
    const lane = researchLane({ drills: service.config.BATON_DRILLS === "1" });
    serveLane(lane, {
      service,
      mesh: await openMesh({ ...meshOptionsOf(service), storesAs: "lane-a" }),
    });
  },
});
