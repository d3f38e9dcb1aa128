import { finding, type Finding, type Violation } from "./finding.ts";
import type { MeshRecord } from "./record.ts";

/** J8: at the broker there is exactly one order per account and client order id, whatever was killed when. */
export function checkOrders({ broker }: MeshRecord): Finding {
  const violations: Violation[] = [];
  const lines = new Map<string, number>();
  for (const { line, account, order } of broker) {
    if (!order) continue;
    const { clientOrderId } = order;
    const key = `${account}/${clientOrderId}`;
    const earlier = lines.get(key);
    if (earlier === undefined) lines.set(key, line);
    else {
      const what = `order ${clientOrderId} of ${account} was taken already in line ${earlier}`;
      violations.push({ where: `line ${line} of the broker's log`, what });
    }
  }
  const title = "one order per client order id at the broker";
  return finding({ id: "J8", title, checked: lines.size, unit: "orders", violations });
}
