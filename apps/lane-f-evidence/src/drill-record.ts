import type { DrillOutcome, RollbackDrill, TimedStep } from "@baton/artifacts";
import { cut } from "@baton/contracts";

/** A drill as it goes: each step says what must be seen, does it, and is timed. */
export interface DrillRecord {
  /** Runs one step; `act` gives what was seen. True if that is what was expected. What `act` throws ends the drill. */
  step(step: string, expected: string, act: () => Promise<string>): Promise<boolean>;
  /** Keeps a commit or an order id. */
  receipt(id: string): void;
  outcome(): DrillOutcome;
  readonly timed: readonly TimedStep[];
  readonly receipts: readonly string[];
}

/** A drill that hasn't begun. */
export function createDrillRecord(drill: RollbackDrill): DrillRecord {
  const steps: DrillOutcome["steps"] = [];
  const timed: TimedStep[] = [];
  const receipts: string[] = [];
  return {
    timed,
    receipts,
    receipt: (id) => void receipts.push(id),
    async step(step, expected, act) {
      const start = performance.now();
      const seen = cut(await act(), 200);
      timed.push({ step, ms: Math.round((performance.now() - start) * 1000) / 1000 });
      const passed = seen === expected;
      steps.push({ step, expected, seen, passed });
      return passed;
    },
    outcome: () => ({
      drill,
      passed: steps.length > 0 && steps.every(({ passed }) => passed),
      steps,
    }),
  };
}
