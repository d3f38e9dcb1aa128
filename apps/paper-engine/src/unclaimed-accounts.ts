/**
 * Accounts that hold what no strategy on main asks for: their strategy was removed, or main was moved back behind it. Read from
 * the broker and from main's tree alone, so that it doesn't matter how the file went, or whether anybody ran meanwhile.
 *
 * A1: such an account is run down to nothing; orders that are open in it are cancelled.
 * A2: an account is a strategy's if Baton has ordered in it; accounts of people and of drills stay alone.
 * A3: what was ordered there before is over: a strategy that comes back is brought about anew.
 */
import type { UnclaimedAccount } from "@baton/artifacts";
import { type Broker, BrokerError, fromUnits, type NewOrder, orderOf } from "@baton/brokerage";
import { cut } from "@baton/contracts";
import type { Log } from "@baton/telemetry";

import type { EngineMemory } from "./engine-memory.ts";
import { type Holdings, holdingsOf, isDecision } from "./holdings.ts";
import { send } from "./send-order.ts";

/** The broker is asked this often which accounts hold something, in milliseconds. */
const LOOK_MS = 5000;
/** An account whose first orders are nobody's decision isn't a strategy's. */
const FIRST_ORDERS = 20;
/** Most accounts of others that are remembered; then they are looked at again. */
const MAX_OTHERS = 10_000;

/** What it works with. */
export interface UnclaimedParts {
  /** Any account: it lists them all. */
  readonly broker: Pick<Broker, "heldAccounts">;
  readonly brokerOf: (account: string) => Broker;
  /** True if a file on main is of this account, whether it can be applied or not. */
  readonly isClaimed: (account: string) => boolean;
  readonly memory: Pick<EngineMemory, "endAt">;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** The accounts without a strategy. */
export interface UnclaimedAccounts {
  /** The strategy of this account was on main until now. */
  add(account: string): void;
  /** Looks for more if it is time, and takes down what there is. Throws a BrokerError. */
  keep(now: number): Promise<void>;
  status(): UnclaimedAccount[];
}

/** Knows none yet; `keep` looks. */
export function createUnclaimedAccounts(parts: UnclaimedParts): UnclaimedAccounts {
  const { broker, brokerOf, isClaimed, log } = parts;
  const found = new Map<string, UnclaimedAccount>();
  const others = new Set<string>();
  let lookedAt = Number.NEGATIVE_INFINITY;

  async function look(now: number): Promise<void> {
    if (now - lookedAt < LOOK_MS) return;
    for (const account of await broker.heldAccounts()) {
      if (isClaimed(account) || found.has(account) || others.has(account)) continue;
      if (await isStrategys(brokerOf(account))) add(account);
      else others.add(account);
    }
    if (others.size > MAX_OTHERS) others.clear();
    lookedAt = now;
  }

  function add(account: string): void {
    log.warn({ account }, "main has no strategy of this account: it is run down");
    found.set(account, { account, positions: [], problem: "the broker wasn't asked yet" });
  }

  async function takeDown(account: string): Promise<void> {
    const before = found.get(account);
    try {
      const problem = await close(brokerOf(account), parts);
      const { held, open, others: waiting } = await holdingsOf(brokerOf(account));
      if (held.size + open.size + waiting.size === 0) {
        found.delete(account);
        log.info({ account }, "the account without a strategy holds nothing any more");
        return;
      }
      found.set(account, { account, positions: positionsOf(held), problem });
    } catch (error) {
      const problem = cut(error instanceof Error ? error.message : "it can't be run down", 500);
      found.set(account, { account, positions: before?.positions ?? [], problem });
      if (error instanceof BrokerError) throw error;
      // One account's problem is that account's. Once per problem, not once per round.
      if (problem !== before?.problem)
        log.error({ err: error, account }, "an account can't be run down");
    }
  }

  return {
    add,
    async keep(now) {
      await look(now);
      for (const account of found.keys()) {
        if (isClaimed(account)) found.delete(account);
        else await takeDown(account);
      }
    },
    status: () => [...found.values()],
  };
}

/** A2. */
async function isStrategys(broker: Broker): Promise<boolean> {
  const orders = await broker.listOrders({ status: "all", limit: FIRST_ORDERS });
  return orders.some(({ client_order_id: id }) => isDecision(id));
}

function positionsOf(held: Holdings["held"]): UnclaimedAccount["positions"] {
  return Array.from(held, ([instrument, units]) => ({ instrument, held: fromUnits(units) }));
}

/** One round of closing; why something is left, if it is known. */
async function close(
  broker: Broker,
  { memory, signal }: Pick<UnclaimedParts, "memory" | "signal">,
): Promise<string | null> {
  const now = await holdingsOf(broker);
  // What closes already is left to it.
  const isClosing = Array.from(now.held, ([name, units]) => units + (now.open.get(name) ?? 0n));
  const closes = now.open.size <= now.held.size && isClosing.every((rest) => rest === 0n);
  if (closes && now.others.size === 0) return now.open.size === 0 ? null : "its closes are open";
  await broker.cancelAll();
  const { held, entry } = await holdingsOf(broker);
  // The same close of the same account's state is the same order (J8): a later one follows on another order.
  const last = (await broker.listOrders({ status: "all" })).at(-1)?.id ?? "none";
  // A3: kept before the first of them leaves.
  if (held.size > 0) await memory.endAt(broker.account, last);
  let problem: string | null = null;
  for (const [instrument, units] of held) {
    const order = closing(broker.account, {
      instrument,
      units,
      last,
      price: entry.get(instrument),
    });
    const { state, message } = await send(broker, order, signal);
    if (state !== "accepted") problem = `closing ${instrument} is ${state}: ${message}`;
  }
  return problem;
}

function closing(
  account: string,
  of: {
    readonly instrument: string;
    readonly units: bigint;
    readonly last: string;
    readonly price: string | undefined;
  },
): NewOrder {
  const { instrument, units, last, price } = of;
  return orderOf(
    {
      strategy_id: `${account}:unclaimed:${last}`.slice(0, 128),
      symbol: instrument,
      // No bar decided it.
      event_ts: "1970-01-01T00:00:00.000Z",
      timeframe: "event",
      action: units > 0n ? "sell" : "buy",
      qty: fromUnits(units < 0n ? -units : units),
      order_type: "market",
      time_in_force: "day",
      limit_price: null,
      stop_price: null,
      account_label: account,
    },
    // Nothing here knows a market; the paper broker fills at the price that it's told.
    price ?? null,
  );
}
