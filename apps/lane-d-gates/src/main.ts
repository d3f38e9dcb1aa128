import { serveLane } from "@baton/lanekit";
import { openMesh } from "@baton/mesh";
import { LaneServiceConfig, meshOptionsOf, runService } from "@baton/service";

import { LaneDConfig } from "./config.ts";
import { loadGatePolicy } from "./gate-policy.ts";
import { gatesLane } from "./lane.ts";

await runService({
  name: "lane-d",
  config: LaneServiceConfig.extend(LaneDConfig),
  start: async (service) => {
    const policy = await loadGatePolicy(service.config.BATON_GATE_POLICY);
    serveLane(gatesLane(policy), {
      service,
      mesh: await openMesh({ ...meshOptionsOf(service), storesAs: "lane-d" }),
    });
  },
});
