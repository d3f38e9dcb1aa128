import { join } from "node:path";

import { openCommandExecutor, readAgentsConfig } from "@baton/agents";
import { ownFolder, privateFolder } from "@baton/files";
import { serveLane } from "@baton/lanekit";
import { openMesh } from "@baton/mesh";
import { openSandbox, type Sandbox } from "@baton/sandbox";
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
    const executor = openExecutor(service.config.BATON_AGENTS, { sandbox, scratchDir });
    service.onShutdown("executor", async () => executor?.[Symbol.asyncDispose]());
    const lane = strategyLane({ repository, scratchDir, sandbox, executor });
    serveLane(lane, {
      service,
      sandbox,
      mesh: await openMesh({ ...meshOptionsOf(service), storesAs: "lane-b" }),
    });
  },
});

function openExecutor(
  file: string | undefined,
  { sandbox, scratchDir }: { sandbox: Sandbox; scratchDir: string },
) {
  if (file === undefined) return undefined;
  const config = readAgentsConfig(file);
  return openCommandExecutor({ sandbox, config, folder: join(scratchDir, "stage-runs") });
}
