import { privateFolder } from "@baton/files";
import { serveLane } from "@baton/lanekit";
import { openMesh } from "@baton/mesh";
import { LaneServiceConfig, meshOptionsOf, runService } from "@baton/service";

import { backtestLane } from "./lane.ts";

await runService({
  name: "lane-c",
  config: LaneServiceConfig,
  start: async (service) => {
    const scratch = await privateFolder("lane-c");
    service.onShutdown("scratch", () => scratch.remove());
    serveLane(backtestLane({ scratchDir: scratch.path }), {
      service,
      mesh: await openMesh({ ...meshOptionsOf(service), storesAs: "lane-c" }),
    });
  },
});
