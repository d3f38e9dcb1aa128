/** Where an account stands against its version, for people and for whoever waits for it. */
import type { EngineOrder, StrategyTrouble } from "@baton/artifacts";
import { cut } from "@baton/contracts";

import type { Holdings } from "./holdings.ts";
import { isOverLimit } from "./send-order.ts";
import type { TargetPosition } from "./target-position.ts";

/** Where an account stands against its version. */
export interface AccountStanding {
  readonly settled: boolean;
  readonly positions: readonly { instrument: string; target: bigint; held: bigint }[];
  /** The orders that this version has brought about or tried. */
  readonly orders: readonly EngineOrder[];
  readonly problem: string | null;
  readonly trouble: StrategyTrouble | null;
}

/** How the account stands, `strange` being the instruments whose position is nobody's but people's to mend. */
export function standing(
  targets: readonly TargetPosition[],
  { held, open, others }: Holdings,
  {
    known,
    strange,
  }: { readonly known: Iterable<EngineOrder>; readonly strange: readonly string[] },
): AccountStanding {
  const positions = targets.map(({ instrument, units }) => ({
    instrument,
    target: units,
    held: held.get(instrument) ?? 0n,
  }));
  const isThere = positions.every((of) => of.held === of.target);
  const settled = isThere && open.size === 0 && others.size === 0;
  const orders = [...known];
  if (settled) return { settled, positions, orders, problem: null, trouble: null };
  if (strange.length > 0) {
    const names = cut(strange.join(", "), 100);
    const problem = `E_POSITION_MISMATCH: ${names} isn't what this version's orders made it, whether somebody traded in the account, an order ended before it was filled, or main was moved back; nothing is ordered here until it is right again, or main has another version`;
    return { settled, positions, orders, problem, trouble: "E_POSITION_MISMATCH" };
  }
  if (others.size > 0) {
    const names = cut([...others].join(", "), 100);
    const problem = `E_POSITION_MISMATCH: somebody else's order for ${names} is open in the account; what it changes isn't made up for, so fill or cancel it, and put the position right`;
    return { settled, positions, orders, problem, trouble: "E_POSITION_MISMATCH" };
  }
  const trouble = orders.some(isOverLimit) ? "E_LIMIT" : null;
  return { settled, positions, orders, problem: problemOf(orders), trouble };
}

function problemOf(orders: readonly EngineOrder[]): string {
  const open = orders.find(({ state }) => state !== "accepted");
  if (open === undefined) return "the position isn't there yet";
  return `order ${open.clientOrderId.slice(0, 12)} for ${open.quantity} ${open.instrument} is ${open.state}: ${open.message}`;
}
