import { openMesh } from "@baton/mesh";
import { meshOptionsOf, runService } from "@baton/service";

import { MetricsConfig } from "./config.ts";
import { serveMetrics } from "./serve-metrics.ts";
import { serveTraces } from "./traces/serve-traces.ts";

await runService({
  name: "metrics",
  config: MetricsConfig,
  start: async (service) => {
    service.withholdMetrics(() => "the server isn't there yet");
    const mesh = await openMesh(meshOptionsOf(service));
    service.onShutdown("mesh", async () => mesh[Symbol.asyncDispose]());
    serveMetrics(service, mesh, await serveTraces(service, mesh));
  },
});
