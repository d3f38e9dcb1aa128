/** A reconciler over a real repository and a real broker. */
import { join } from "node:path";

import type { RampLevel } from "@baton/artifacts";
import {
  createBroker,
  DEFAULT_LIMIT_BOOK,
  DEFAULT_LIMITS,
  DEFAULT_TOTAL,
  type OrderLimits,
} from "@baton/brokerage";
import { openMainReader } from "@baton/gitops";
import { BROKER_TOKENS } from "@baton/testkit";
import { pino } from "pino";
import { onTestFinished } from "vitest";

import { openEngineMemory } from "../engine-memory.ts";
import { createReconciler } from "../reconciler.ts";
import { accountingJournal } from "./accounting.ts";
import {
  newCandidate,
  reportedOf,
  type sharedBroker,
  strategyFile,
  testFolder,
  testRepository,
} from "./place.ts";

/** Repository, account and reconcilers over them; `restart` makes one that knows what was kept. */
export async function placeOn(shared: ReturnType<typeof sharedBroker>) {
  const candidate = newCandidate();
  const repository = await testRepository();
  const { url, account: accountAt } = shared();
  let clock = 0;
  let stopped: string | null = null;
  let limits: OrderLimits = DEFAULT_LIMITS;
  let total = DEFAULT_TOTAL;
  const memoryFile = join(testFolder(), "memory.json");
  const restart = async () => {
    const reader = await openMainReader({ ...repository, cacheDir: testFolder() });
    onTestFinished(() => reader[Symbol.asyncDispose]());
    return createReconciler({
      reader,
      broker: createBroker({ url, token: BROKER_TOKENS.operator, timeoutMs: 1000 }),
      limits: { ...DEFAULT_LIMIT_BOOK, of: () => limits, total: () => total },
      brokerOf: (account) =>
        createBroker({ url, token: BROKER_TOKENS.operator, account, timeoutMs: 1000 }),
      stop: () => stopped,
      journal: accountingJournal(reportedOf),
      memory: await openEngineMemory(memoryFile),
      log: pino({ level: "silent" }),
      signal: new AbortController().signal,
      now: () => (clock += 10_000),
    });
  };
  const put = (text: string | null) => repository.write({ [`${candidate}.yaml`]: text });
  const file = (level: RampLevel, over?: Parameters<typeof strategyFile>[2]) =>
    strategyFile(candidate, level, over);
  const setStop = (reason: string | null) => (stopped = reason);
  return {
    ...accountAt(candidate),
    setStop,
    setLimits: (over: Partial<OrderLimits>) => (limits = { ...DEFAULT_LIMITS, ...over }),
    setTotal: (notional: number) => (total = { notional }),
    ...repository,
    put,
    file,
    candidate,
    restart,
    reconciler: await restart(),
  };
}

/** How a strategy stands that holds what it should. */
export const held = (units: string) => ({
  settled: true,
  problem: null,
  positions: [{ instrument: "SPX", target: units, held: units }],
});
