/** How much a candidate may hold at a level: lane E writes it, the engine holds main's files against it. */
import type { RampLevel } from "@baton/artifacts";

/** Share of the target notional at each level; a candidate that targets shadow runs at L0 without orders. */
const NOTIONAL_SHARE: Readonly<Record<RampLevel, number>> = {
  L0: 0.05,
  L1: 0.1,
  L2: 0.5,
  L3: 1,
};

/** Notional limit of a level in account currency, to the cent. */
export function notionalAt(
  level: RampLevel,
  promotion: { readonly target: "shadow" | "paper" | "live"; readonly notional: number },
): number {
  if (promotion.target === "shadow") return 0;
  return Math.round(promotion.notional * NOTIONAL_SHARE[level] * 100) / 100;
}
