import { finding, type Finding, type Violation } from "./finding.ts";
import { type BrokerEvent, chainsOf, type MeshRecord } from "./record.ts";

/** J7: between a pause and what a person says next nothing is handed on; an engaged kill switch lets no order through. */
export function checkHolds({ entries, broker }: MeshRecord): Finding {
  const violations: Violation[] = [];
  let checked = 0;
  for (const chain of chainsOf(entries).values()) {
    for (const [index, entry] of chain.entries()) {
      const before = chain[index - 1];
      if (!before?.held) {
        if (entry.held) checked += 1;
        continue;
      }
      if (entry.held || entry.cause.kind === "command") continue;
      const where = `JOURNAL ${entry.sequence} (${entry.candidateId})`;
      const what = `goes to ${entry.holder} while on hold, caused by a ${entry.cause.kind}`;
      violations.push({ where, what });
    }
  }
  const { engaged, faults } = ordersWhileEngaged(broker);
  violations.push(...faults);
  const title = "what is paused doesn't move until a person says so; a kill switch stops orders";
  return finding({ id: "J7", title, checked: checked + engaged, unit: "holds", violations });
}

const EVERYBODY = "*";

/** Orders that only make a position smaller are let through: they are how one gets out. */
function ordersWhileEngaged(events: readonly BrokerEvent[]): {
  engaged: number;
  faults: Violation[];
} {
  const faults: Violation[] = [];
  const switches = new Set<string>();
  const positions = new Map<string, number>();
  let engaged = 0;
  for (const { line, type, account, order } of events) {
    const who = account ?? EVERYBODY;
    if (type === "engage") {
      switches.add(who);
      engaged += 1;
    } else if (type === "release") switches.delete(who);
    if (!order) continue;
    const key = `${who}/${order.symbol}`;
    const position = positions.get(key) ?? 0;
    if (order.filled) positions.set(key, position + order.change);
    const stopped = switches.has(who) || switches.has(EVERYBODY);
    if (stopped && !isReduction(position, order.change)) {
      const what = `order ${order.clientOrderId} of ${who} was taken while its kill switch was engaged`;
      faults.push({ where: `line ${line} of the broker's log`, what });
    }
  }
  return { engaged, faults };
}

function isReduction(position: number, change: number): boolean {
  const opposite = Math.sign(change) === -Math.sign(position);
  return position !== 0 && opposite && Math.abs(change) <= Math.abs(position);
}
