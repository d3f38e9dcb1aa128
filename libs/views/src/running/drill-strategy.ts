/** The strategy that exists for a drill only: all of it is known, so that nothing else runs under a drill's name. Pure. */
import type { StrategyLimits, StrategySettings } from "@baton/artifacts";

/** Instrument that no market has. */
const INSTRUMENT = "DRILL";

/** One unit of a made-up instrument, or none if it isn't enabled. */
export function drillStrategy(of: {
  readonly drillId: string;
  readonly runId: string;
  readonly sourceSha256: string;
  readonly enabled: boolean;
}): { readonly settings: StrategySettings; readonly limits: StrategyLimits } {
  const { drillId, runId, sourceSha256, enabled } = of;
  return {
    settings: {
      schemaVersion: "baton.strategy.v1",
      candidateId: drillId,
      runId,
      plugin: "drill",
      sourceSha256,
      costBps: 0,
      instruments: [
        {
          instrument: INSTRUMENT,
          share: 1,
          parameters: {},
          signal: { weight: 1, date: "2000-01-03", close: 100 },
        },
      ],
    },
    limits: { schemaVersion: "baton.strategy-limits.v1", level: "L0", notional: 100, enabled },
  };
}
