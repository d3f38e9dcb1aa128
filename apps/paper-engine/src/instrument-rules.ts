/** What a broker lets one hold of each instrument, asked once per version. */
import { type Broker, BrokerError, type InstrumentRules } from "@baton/brokerage";

import { attainable, type TargetPosition } from "./target-position.ts";

/** The rules that are known. */
export interface Rules {
  /** What of the target can be held; all of it while the broker doesn't say, as it is held against the rules when it's sent too. */
  attainable(target: TargetPosition): Promise<bigint>;
  /** True unless it's known that one order can't turn the position. */
  turns(target: Pick<TargetPosition, "instrument">): boolean;
}

/** Knows none yet. */
export function createRules(broker: Pick<Broker, "instrument">): Rules {
  const known = new Map<string, InstrumentRules>();
  return {
    async attainable({ instrument, units }) {
      if (units === 0n) return units;
      try {
        const rules = known.get(instrument) ?? (await broker.instrument(instrument));
        known.set(instrument, rules);
        return attainable(units, rules);
      } catch (error) {
        if (error instanceof BrokerError) return units;
        throw error;
      }
    },
    turns: ({ instrument }) => known.get(instrument)?.turns ?? true,
  };
}
