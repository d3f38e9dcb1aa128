import type { RunningStrategy } from "@baton/artifacts";
import { type Broker, BrokerError, fromUnits, type OrderLimits } from "@baton/brokerage";
import { cut } from "@baton/contracts";

import type { AccountStanding } from "./account-standing.ts";
import type { EngineMemory } from "./engine-memory.ts";
import { createPositionKeeper, type PositionKeeper } from "./position-keeper.ts";
import type { OrderStop } from "./send-order.ts";
import type { StrategyVersion } from "./strategy-file.ts";
import { accountOf, targetPositions } from "./target-position.ts";
import type { TotalLimit } from "./total-limit.ts";

/** One strategy that runs: its version, and where its account stands. */
export interface Running {
  readonly version: StrategyVersion;
  /** When it was looked at last, in milliseconds of a monotonic clock. */
  checkedAt(): number;
  settled(): boolean;
  /** True if an order of it is kept back: another look won't change that soon. */
  blocked(): boolean;
  /** Brings the account to the version. Throws a BrokerError if the broker can't be asked, and what nobody foresaw. */
  keep(now: number): Promise<void>;
  status(): RunningStrategy;
}

/** What a strategy is started with. */
export interface RunningOptions {
  readonly version: StrategyVersion;
  readonly broker: Broker;
  /** The account's limits as they are now: a raise ends. */
  readonly limits: () => OrderLimits;
  readonly total: TotalLimit;
  /** False: the version was there before this process. */
  readonly isNew: boolean;
  readonly appliedAt: string;
  readonly stop: OrderStop;
  readonly memory: Pick<EngineMemory, "overUntil" | "endAt">;
  readonly signal: AbortSignal;
}

/** Nothing was asked yet: not settled, whatever the targets are. */
function unseen(version: StrategyVersion): AccountStanding {
  const positions = targetPositions(version).map(({ instrument, units }) => ({
    instrument,
    target: units,
    held: 0n,
  }));
  const problem = "the broker wasn't asked yet";
  return { settled: false, positions, orders: [], problem, trouble: null };
}

/** Starts a version; it asks and orders nothing until `keep`. */
export function runStrategy(options: RunningOptions): Running {
  const { version, appliedAt } = options;
  const keeper: PositionKeeper = createPositionKeeper(options);
  let standing = unseen(version);
  let checkedAt = Number.NEGATIVE_INFINITY;
  return {
    version,
    checkedAt: () => checkedAt,
    settled: () => standing.settled,
    blocked: () => standing.orders.some(({ state }) => state === "blocked"),
    async keep(now) {
      checkedAt = now;
      try {
        standing = await keeper.keep();
      } catch (error) {
        const problem = error instanceof Error ? error.message : "the broker can't be asked";
        const isFault = !(error instanceof BrokerError);
        standing = {
          ...standing,
          settled: false,
          problem: isFault ? cut(`E_STRATEGY_FAULT: ${problem}`, 500) : problem,
          trouble: isFault ? "E_STRATEGY_FAULT" : standing.trouble,
        };
        throw error;
      }
    },
    status: () => ({
      candidateId: version.settings.candidateId,
      runId: version.settings.runId,
      hash: version.hash,
      commit: version.commit,
      level: version.limits.level,
      notional: version.limits.notional,
      enabled: version.limits.enabled,
      appliedAt,
      account: accountOf(version),
      settled: standing.settled,
      positions: standing.positions.map(({ instrument, target, held }) => ({
        instrument,
        target: fromUnits(target),
        held: fromUnits(held),
      })),
      orders: [...standing.orders],
      problem: standing.problem,
      trouble: standing.trouble,
    }),
  };
}
