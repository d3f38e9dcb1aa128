/**
 * Brings a strategy's account to where its version wants it, and keeps it there.
 *
 * P1: an order is the difference between the target and what the broker itself says is held or open, so nothing needs to
 *     be remembered: after a crash the difference is asked for again.
 * P2: the same difference decided by the same commit is the same client order id; the broker has it once (J8).
 * P3: a difference that isn't this version's to make is nobody's but people's to mend: once a position was where it should be,
 *     or its order was taken, or somebody else ordered after the version came, no further order is sent in the account until
 *     the position is right again or main has another version. What a person sold isn't bought back, and what a person's open
 *     order would change isn't made up for.
 * P4: a kill switch stops every order that would increase a position (J7), the broker's and the mesh's; the latter is
 *     asked in the moment of sending, and while nobody knows it, it counts as engaged. What only takes away passes.
 * P5: no order that increases a position leaves over the account's limits or that of all accounts together, whatever the file says.
 * P6: what the account holds of other instruments when the version comes is left by an earlier one, and taken down.
 * P7: a version that comes back because main was moved begins anew: what was ordered in the account until then, also by the
 *     engine itself while main didn't have the version, is over.
 * P8: while an order of ours is open for an instrument nothing more is ordered there; one of an earlier version is cancelled first.
 * P9: what the broker doesn't take in parts is held in whole units, and where one order can't turn a position, one closes it and
 *     another opens the new one.
 */
import type { EngineOrder } from "@baton/artifacts";
import {
  type Broker,
  limitBroken,
  type NewOrder,
  type Order,
  type OrderLimits,
  takesAway,
  toUnits,
} from "@baton/brokerage";

import { type AccountStanding, standing } from "./account-standing.ts";
import type { EngineMemory } from "./engine-memory.ts";
import { type Holdings, holdingsOf, isDecision } from "./holdings.ts";
import { createRules } from "./instrument-rules.ts";
import { engineOrder, type OrderStop, send, stoppable } from "./send-order.ts";
import type { StrategyVersion } from "./strategy-file.ts";
import {
  isOrderOf,
  orderFor,
  signedChange,
  type TargetPosition,
  targetPositions,
} from "./target-position.ts";
import type { TotalLimit } from "./total-limit.ts";

const ENGAGED = "a kill switch is engaged";

/** Keeps one account at one version; made anew for each version. */
export interface PositionKeeper {
  /** Looks, and sends what is missing. Throws a BrokerError if the broker can't be asked. */
  keep(): Promise<AccountStanding>;
}

/** What a keeper works with. */
export interface PositionKeeperParts {
  readonly version: StrategyVersion;
  /** The account of the strategy. */
  readonly broker: Broker;
  /** The account's limits as they are now: a raise ends. */
  readonly limits: () => OrderLimits;
  readonly total: TotalLimit;
  /** False: the version was there before this process, so what was ordered since tells who traded. */
  readonly isNew: boolean;
  readonly stop: OrderStop;
  /** What is over in the account (P7). */
  readonly memory: Pick<EngineMemory, "overUntil" | "endAt">;
  readonly signal: AbortSignal;
}

/** What is known of the account since the version came. */
interface Memory {
  /** The account's order up to which everything is over (P7). */
  readonly over: string | undefined;
  readonly orders: Map<string, EngineOrder>;
  /** Those of them that only close what is turned (P9). */
  readonly closes: Set<string>;
  /** Instruments whose position was where it should be, or that somebody else ordered since. */
  readonly done: Set<string>;
  /** Instruments that are this version's to move: its own, and what was left of others when it came (P6). */
  readonly ours: ReadonlySet<string>;
}

/** A keeper for the version in its account. */
export function createPositionKeeper(parts: PositionKeeperParts): PositionKeeper {
  const { version, broker, limits, total, stop, signal } = parts;
  const wanted = targetPositions(version);
  let memory: Memory | undefined;

  async function move(target: TargetPosition, at: Difference): Promise<void> {
    const order = orderFor(version, target, at.delta, { over: memory?.over, closes: at.closes });
    if (at.closes) memory?.closes.add(order.client_order_id);
    const known = memory?.orders.get(order.client_order_id)?.state;
    // A refusal is an answer too.
    if (known === "accepted" || known === "refused") return;
    const takes = takesAway({ held: at.held, change: at.delta });
    const sent = takes ? await send(broker, order, signal) : await increase(order, at.before);
    memory?.orders.set(order.client_order_id, sent);
  }

  async function increase(order: NewOrder, held: bigint): Promise<EngineOrder> {
    const blocked = (message: string) => engineOrder(order, "blocked", message);
    const price = order.reference_price === null ? null : toUnits(order.reference_price);
    const change = { symbol: order.symbol, held, change: signedChange(order), price };
    const broken = limitBroken(limits(), change, { others: 0n, recent: 0 });
    if (broken !== undefined) return blocked(`E_LIMIT: ${broken}`);
    const stopped = stop();
    if (stopped !== null) return blocked(stopped);
    const sent = await total(broker, change, async () => {
      const reason = stop() ?? ((await broker.killSwitch.get()).engaged ? ENGAGED : null);
      return reason === null ? send(stoppable(broker, stop), order, signal) : blocked(reason);
    });
    return "done" in sent ? sent.done : blocked(`E_LIMIT: ${sent.broken}`);
  }

  const rules = createRules(broker);
  return {
    async keep() {
      const before = await holdingsOf(broker);
      const held = await Promise.all(
        wanted.map(async (target) => ({ ...target, units: await rules.attainable(target) })),
      );
      memory ??= await recall(parts, held, before);
      const targets = allTargets(held, before, version);
      const strange = changedByOthers(targets, before, memory);
      if (strange.length > 0)
        return standing(targets, before, { known: memory.orders.values(), strange });
      let moved = false;
      for (const target of targets) {
        const difference = differenceOf(target, before, rules.turns(target));
        if (difference.delta === 0n) continue;
        moved = true;
        if (!(await waits(broker, memory, before.waiting.get(target.instrument))))
          await move(target, difference);
      }
      const after = moved ? await holdingsOf(broker) : before;
      const now = allTargets(held, after, version);
      return standing(now, after, {
        known: memory.orders.values(),
        strange: changedByOthers(now, after, memory),
      });
    },
  };
}

/** P8: true if nothing may be ordered yet beside the orders that are `open`. */
async function waits(
  broker: Broker,
  { orders }: Memory,
  open: readonly Order[] = [],
): Promise<boolean> {
  for (const { id, client_order_id: known } of open)
    if (!orders.has(known)) await broker.cancel(id);
  return open.length > 0;
}

/** How a position stands against its target. */
interface Difference {
  readonly held: bigint;
  readonly delta: bigint;
  /** What would be held before `delta`, with all that is open in its direction filled. */
  readonly before: bigint;
  /** It goes to nothing first (P9). */
  readonly closes: boolean;
}

function differenceOf(
  { instrument, units }: TargetPosition,
  { held, open }: Holdings,
  turns: boolean,
): Difference {
  const now = held.get(instrument) ?? 0n;
  const waiting = open.get(instrument) ?? 0n;
  const closes = !turns && now !== 0n && units !== 0n && now > 0n !== units > 0n;
  const delta = (closes ? 0n : units) - now - waiting;
  return { held: now, delta, before: waiting > 0n === delta > 0n ? now + waiting : now, closes };
}

/** The version's targets, and zero for everything else that is held. */
function allTargets(
  wanted: readonly TargetPosition[],
  { held, entry }: Holdings,
  { settings }: StrategyVersion,
): readonly TargetPosition[] {
  const [first] = settings.instruments;
  const others = [...held.keys()].filter((name) => !wanted.some((of) => of.instrument === name));
  return [
    ...wanted,
    ...others.map((instrument) => ({
      instrument,
      units: 0n,
      date: first?.signal.date ?? "",
      // Nothing here knows its market; the paper broker fills at the price that it's told.
      referencePrice: entry.get(instrument) ?? "0",
    })),
  ];
}

/**
 * What the account itself tells about the time since the version came: its orders are known by their ids alone. Throws where
 * what is over can't be kept.
 */
async function recall(
  { version, broker, isNew, memory }: PositionKeeperParts,
  wanted: readonly TargetPosition[],
  now: Holdings,
): Promise<Memory> {
  const targets = allTargets(wanted, now, version);
  const all = await broker.listOrders({ status: "all" });
  let over = memory.overUntil(broker.account);
  let { orders, closes } = ordersOf(version, { targets, all: since(all, over), over });
  const last = all.at(-1)?.id;
  // P7: only a main that was moved brings a commit a second time.
  if (isNew && orders.size > 0 && last !== undefined) {
    await memory.endAt(broker.account, last);
    over = last;
    orders = new Map();
    closes = new Set();
  }
  const done = new Set<string>();
  for (const order of since(all, over)) {
    const isSince = Date.parse(order.created_at) > version.timeMs;
    if (!isNew && isSince && order.status === "filled" && !isDecision(order.client_order_id))
      done.add(order.symbol);
  }
  const left = [...now.held.keys()].filter((name) => !done.has(name));
  const ours = new Set([...wanted.map(({ instrument }) => instrument), ...left]);
  return { over, orders, closes, done, ours };
}

/** Those after `over`; all of them if it isn't among them. */
function since(all: readonly Order[], over: string | undefined): readonly Order[] {
  return all.slice(all.findIndex(({ id }) => id === over) + 1);
}

/** The version's own among them. */
function ordersOf(
  version: StrategyVersion,
  of: {
    readonly targets: readonly TargetPosition[];
    readonly all: readonly Order[];
    readonly over: string | undefined;
  },
): Pick<Memory, "orders" | "closes"> {
  const byInstrument = new Map(of.targets.map((target) => [target.instrument, target]));
  const orders = new Map<string, EngineOrder>();
  const closes = new Set<string>();
  for (const order of of.all) {
    const target = byInstrument.get(order.symbol);
    const terms = { ...order, units: toUnits(order.qty) };
    if (target === undefined) continue;
    const { over } = of;
    const isClose = isOrderOf(version, target, terms, { over, closes: true });
    if (!isClose && !isOrderOf(version, target, terms, { over })) continue;
    orders.set(order.client_order_id, engineOrder(order, "accepted", null));
    if (isClose) closes.add(order.client_order_id);
  }
  return { orders, closes };
}

/** Instruments whose position is off although this version has nothing more to do there (P3); notes those that are right. */
function changedByOthers(
  targets: readonly TargetPosition[],
  now: Holdings,
  { orders, closes, done, ours }: Memory,
): string[] {
  const taken = new Set(
    [...orders.values()]
      .filter(({ state, clientOrderId }) => state === "accepted" && !closes.has(clientOrderId))
      .map((of) => of.instrument),
  );
  return targets.flatMap((target) => {
    const { instrument, units } = target;
    if ((now.held.get(instrument) ?? 0n) === units) {
      done.add(instrument);
      return [];
    }
    const isOver = done.has(instrument) || taken.has(instrument) || !ours.has(instrument);
    return isOver && !now.open.has(instrument) ? [instrument] : [];
  });
}
