import type { Finding } from "./finding.ts";
import { checkChain } from "./j1-chain.ts";
import { checkEvidence } from "./j2-evidence.ts";
import { checkDispatch } from "./j3-dispatch.ts";
import { checkActions } from "./j4-actions.ts";
import { checkSettled } from "./j5-settled.ts";
import { checkRetries } from "./j6-retries.ts";
import { checkHolds } from "./j7-holds.ts";
import { checkOrders } from "./j8-orders.ts";
import { checkSurfaces } from "./j9-surfaces.ts";
import type { MeshRecord } from "./record.ts";

/** Checks J1 to J9 on what was found; pure. */
export function checkInvariants(record: MeshRecord): Finding[] {
  return [
    checkChain,
    checkEvidence,
    checkDispatch,
    checkActions,
    checkSettled,
    checkRetries,
    checkHolds,
    checkOrders,
    checkSurfaces,
  ].map((check) => check(record));
}
