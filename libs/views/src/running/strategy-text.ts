/** A strategy's file as promotion writes it: the same bytes for the same values, so that its digest can be held against. Pure. */
import {
  type StrategyConfigMap,
  type StrategyData,
  StrategyLimits,
  StrategySettings,
} from "@baton/artifacts";
import { canonicalJson } from "@baton/contracts";
import { writeYaml } from "@baton/text/write-yaml";

/** The file's two texts. Throws where the values don't fit. */
export function strategyData(settings: StrategySettings, limits: StrategyLimits): StrategyData {
  return {
    "limits.json": canonicalJson(StrategyLimits.parse(limits)),
    "strategy.json": canonicalJson(StrategySettings.parse(settings)),
  };
}

/** The file's text. Throws where the values don't fit. */
export function strategyText(settings: StrategySettings, limits: StrategyLimits): string {
  return writeYaml({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: `strategy-${settings.candidateId}`,
      namespace: "torghut",
      labels: { "app.kubernetes.io/managed-by": "baton" },
      annotations: {
        "torghut.proompteng.ai/candidate-id": settings.candidateId,
        "torghut.proompteng.ai/run-id": settings.runId,
        "torghut.proompteng.ai/ramp-level": limits.level,
      },
    },
    data: strategyData(settings, limits),
  } satisfies StrategyConfigMap);
}
