import type { StrategyConfigMap } from "@baton/artifacts";
import { canonicalJson } from "@baton/contracts";
import { drillStrategy } from "@baton/views";
import { stringify } from "yaml";

/** Names of drill strategies begin with this; no candidate's own does, as those are what lane F may change. */
export const DRILL_PREFIX = "drill-";

/** Quantity that an enabled drill strategy holds. */
export const DRILL_QUANTITY = "1";

/** The file of a strategy that exists for a drill only: one unit of a made-up instrument, or none if it isn't enabled. */
export function drillStrategyFile(options: {
  readonly drillId: string;
  readonly runId: string;
  readonly sourceSha256: string;
  readonly enabled: boolean;
}): string {
  const { settings, limits } = drillStrategy(options);
  const file: StrategyConfigMap = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: `strategy-${options.drillId}` },
    data: { "limits.json": canonicalJson(limits), "strategy.json": canonicalJson(settings) },
  };
  return stringify(file);
}
