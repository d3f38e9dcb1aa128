/**
 * Faults on demand, so that the handling of ambiguous outcomes can be proven against the real service. Off unless the
 * broker runs with drills allowed.
 */
import { Account } from "@baton/brokerage";
import { z } from "zod";

/**
 * `stored-504` and `stored-silent` take the order, then answer 504 or nothing; `lost-504` and `lost-silent` don't take
 * it; `lookup-504` refuses look-ups by client order id; `busy-429`, where it plays Alpaca, asks to wait a second.
 */
export const Fault = z.enum([
  "stored-504",
  "stored-silent",
  "lost-504",
  "lost-silent",
  "lookup-504",
  "busy-429",
]);
export type Fault = z.infer<typeof Fault>;

/** What shall go wrong next, how often, and for whom (null: any account). */
export const FaultPlan = z.strictObject({
  fault: Fault,
  times: z.int().min(0).max(1000),
  account: Account.nullable().default(null),
});
export type FaultPlan = z.infer<typeof FaultPlan>;

/** Header that asks for a fault on this one request. */
export const FAULT_HEADER = "baton-fault";

/** The plans that are left; at most one per fault and account. */
export interface FaultPlans {
  set(plan: FaultPlan): void;
  list(): readonly FaultPlan[];
  /** Takes one of the planned faults for this request, or the one its header asks for. */
  take(wanted: readonly Fault[], account: string, header: string | undefined): Fault | undefined;
}

/** No plans; with `allowed` false it stays so, and headers are ignored. */
export function createFaultPlans(allowed: boolean): FaultPlans {
  const plans = new Map<string, FaultPlan>();
  return {
    set(plan) {
      const key = `${plan.fault} ${plan.account ?? ""}`;
      if (allowed && plan.times > 0) plans.set(key, plan);
      else plans.delete(key);
    },
    list: () => [...plans.values()],
    take(wanted, account, header) {
      if (!allowed) return undefined;
      const asked = wanted.find((fault) => fault === header);
      if (asked) return asked;
      for (const [key, plan] of plans) {
        if (!wanted.includes(plan.fault) || (plan.account ?? account) !== account) continue;
        if (plan.times > 1) plans.set(key, { ...plan, times: plan.times - 1 });
        else plans.delete(key);
        return plan.fault;
      }
      return undefined;
    },
  };
}
