import type { StrategyConfigMap, StrategyLimits, StrategySettings } from "@baton/artifacts";
import { canonicalJson } from "@baton/contracts";
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
  const settings: StrategySettings = {
    schemaVersion: "baton.strategy.v1",
    candidateId: options.drillId,
    runId: options.runId,
    plugin: "drill",
    sourceSha256: options.sourceSha256,
    costBps: 0,
    instruments: [
      {
        instrument: "DRILL",
        share: 1,
        parameters: {},
        signal: { weight: 1, date: "2000-01-03", close: 100 },
      },
    ],
  };
  const limits: StrategyLimits = {
    schemaVersion: "baton.strategy-limits.v1",
    level: "L0",
    notional: 100,
    enabled: options.enabled,
  };
  const file: StrategyConfigMap = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: `strategy-${options.drillId}` },
    data: { "limits.json": canonicalJson(limits), "strategy.json": canonicalJson(settings) },
  };
  return stringify(file);
}
