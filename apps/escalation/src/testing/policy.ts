import type { NoticePolicy } from "../notices/told-rules.ts";
import type { Route } from "../policy/route.ts";

/** A policy with one route for everything. */
export function policyOf(route: Partial<Route>, leaseMs: number): NoticePolicy {
  const whole: Route = {
    tell: ["one"],
    severity: "warning",
    reminderEveryMs: 3000,
    remindersMax: 2,
    levels: [],
    ...route,
  };
  return { leaseMs, routeOf: () => whole };
}
