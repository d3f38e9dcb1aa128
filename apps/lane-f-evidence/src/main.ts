import { openAuditKey } from "@baton/audit";
import { foldWhole } from "@baton/contracts";
import { serveLane } from "@baton/lanekit";
import { historyGuard, openMesh } from "@baton/mesh";
import { LaneServiceConfig, meshOptionsOf, runService } from "@baton/service";

import { brokerPlaceOf, LaneFConfig } from "./config.ts";
import { evidenceLane } from "./lane.ts";

await runService({
  name: "lane-f",
  config: LaneServiceConfig.extend(LaneFConfig),
  start: async (service) => {
    const { config } = service;
    const auditKey = openAuditKey(config.BATON_AUDIT_KEY_FILE);
    const mesh = await openMesh({ ...meshOptionsOf(service), storesAs: "lane-f" });
    const lane = evidenceLane({
      broker: brokerPlaceOf(config),
      engineUrl: config.BATON_ENGINE_URL,
      readToken: config.BATON_READ_TOKEN,
      gitops: {
        repository: config.BATON_GITOPS_REPO,
        cacheDir: config.BATON_WORK_DIR,
        // Recovery takes out of service whatever was lost; only what it says of the history counts.
        history: { ...historyGuard(mesh), require: () => Promise.resolve() },
      },
      auditKey,
      waitMs: config.BATON_ENGINE_WAIT_MS,
      controls: mesh.controls,
      commands: mesh.commands,
      journal: {
        entries: async (candidateId) => {
          const history = await mesh.journal.history(candidateId);
          const whole = foldWhole(history);
          return history.flatMap(({ sequence, storedAt, text }, index) => {
            const entry = whole[index]?.entry;
            return entry ? [{ sequence, time: new Date(storedAt).toISOString(), entry, text }] : [];
          });
        },
      },
    });
    serveLane(lane, { service, mesh });
  },
});
