import { finding, type Finding, type Violation } from "./finding.ts";
import { controlFaults, isKillSwitchHeld } from "./j7-controls.ts";
import { chainsOf, type MeshRecord } from "./record.ts";

/**
 * J7: between a pause and what a person says next nothing is handed on; an engaged kill switch, an account's or the mesh's,
 * lets no order through that increases a position, and the mesh's controls no promotion.
 */
export function checkHolds(record: MeshRecord): Finding {
  const { entries } = record;
  const violations: Violation[] = [];
  let checked = 0;
  for (const chain of chainsOf(entries).values()) {
    for (const [index, entry] of chain.entries()) {
      const before = chain[index - 1];
      if (!before?.held) {
        if (entry.held) checked += 1;
        continue;
      }
      if (entry.held || ["command", "incident"].includes(entry.cause.kind)) continue;
      const where = `JOURNAL ${entry.sequence} (${entry.candidateId})`;
      const what = `goes to ${entry.holder} while on hold, caused by a ${entry.cause.kind}`;
      violations.push({ where, what });
    }
  }
  const { engaged, faults } = ordersWhileEngaged(record);
  const controls = controlFaults(record);
  violations.push(...faults, ...controls.faults);
  checked += engaged + controls.checked;
  const title = "what is paused doesn't move until a person says so; kill switch and freezes hold";
  return finding({ id: "J7", title, checked, unit: "holds", violations });
}

const EVERYBODY = "*";

/** Orders that only make a position smaller are let through: they are how one gets out. */
function ordersWhileEngaged({ broker, controls }: MeshRecord): {
  engaged: number;
  faults: Violation[];
} {
  const faults: Violation[] = [];
  const switches = new Set<string>();
  const positions = new Map<string, number>();
  let engaged = 0;
  for (const { line, type, at, account, scope, order } of broker) {
    const who = account ?? EVERYBODY;
    // The mesh's hold and a person's switch are each on all accounts, and each is released for itself.
    const held = account ?? `${EVERYBODY}${scope}`;
    if (type === "engage") {
      switches.add(held);
      engaged += 1;
    } else if (type === "release") switches.delete(held);
    if (!order) continue;
    const key = `${who}/${order.symbol}`;
    const position = positions.get(key) ?? 0;
    if (order.filled) positions.set(key, position + order.change);
    if (isReduction(position, order.change)) continue;
    const where = `line ${line} of the broker's log`;
    const what = `order ${order.clientOrderId} of ${who} was taken while`;
    if ([who, `${EVERYBODY}mesh`, `${EVERYBODY}all`].some((one) => switches.has(one)))
      faults.push({ where, what: `${what} its kill switch was engaged` });
    else if (at !== null && isKillSwitchHeld(controls, at))
      faults.push({ where, what: `${what} the mesh's kill switch was engaged` });
  }
  return { engaged, faults };
}

function isReduction(position: number, change: number): boolean {
  const opposite = Math.sign(change) === -Math.sign(position);
  return position !== 0 && opposite && Math.abs(change) <= Math.abs(position);
}
