import type { GateCheck } from "@baton/artifacts";

import { checksOf } from "./check.ts";
import type { Evidence } from "./evidence.ts";
import type { GatePolicy } from "./gate-policy.ts";

const gate = checksOf("gate5_live_ramp_readiness");

/** May it go live at all? Only asked of candidates that want to; others are skipped, but only if they said so. */
export function gate5({ research, stages }: Evidence, policy: GatePolicy): GateCheck[] {
  const limits = policy.gate5_live_ramp_readiness;
  const promotion = research.found?.value.spec.promotion;
  const from = [research];
  if (promotion !== undefined && promotion.target !== "live")
    return [
      gate.notApplicable({
        checkId: "live_enabled",
        title: "live promotion is enabled by the policy",
        from,
        because: `the candidate's promotion target is ${promotion.target}, not live`,
      }),
    ];
  return [
    gate.exactly({
      checkId: "live_enabled",
      title: "live promotion is enabled by the policy",
      from,
      measured: limits.liveEnabled,
      threshold: true,
      means: "the gate policy allows no live promotion; only its owner can change that",
    }),
    gate.atMost({
      checkId: "notional",
      title: "target notional, account currency",
      from,
      measured: promotion?.notional,
      threshold: limits.maxNotional,
      means: "it asks for more capital than the policy lends",
    }),
    gate.later({
      checkId: "approval",
      title: "approval by a person, bound to this evidence",
      stage: "live-ramp",
      seen: stages,
    }),
  ];
}
