/** Whom what is told to, and when again: pure. */
import { type AnyReason, MeshReason, Reason, REASONS, type Severity } from "@baton/contracts";

/** What a route can be for: why a candidate waits for a person, or what holds for the whole mesh. */
export type RoutedReason = AnyReason | MeshReason;

/** From here on more people are told. */
interface Level {
  readonly at: "overdue" | `reminder-${number}`;
  readonly also: readonly string[];
  /** Undefined: as before. */
  readonly severity: Severity | undefined;
}

/** What becomes of a review, or of a matter of the mesh. */
export interface Route {
  /** Channels that are told everything. */
  readonly tell: readonly string[];
  /** Undefined: as is usual for what it is about. */
  readonly severity: Severity | undefined;
  readonly reminderEveryMs: number;
  readonly remindersMax: number;
  /** In the order in which they are reached, whatever order they are written in. */
  readonly levels: readonly Level[];
}

/** Classes of reasons. */
export const CLASSES = ["approval", "hold", "failure", "stopped", "mesh"] as const;
export type ReasonClass = (typeof CLASSES)[number];

const STOPPED: readonly string[] = [
  "FROZEN",
  "KILL_SWITCH",
  "PROMOTION_BLOCKED",
] satisfies readonly Reason[];

/** The class of a reason. */
export function classOf(reason: RoutedReason): ReasonClass {
  if (MeshReason.safeParse(reason).success) return "mesh";
  if (STOPPED.includes(reason)) return "stopped";
  if (reason === "APPROVAL_REQUIRED") return "approval";
  return reason === "PAUSED" ? "hold" : "failure";
}

/** True if people may be told of something for this reason. */
export function isRouted(reason: string): reason is RoutedReason {
  const known = Reason.safeParse(reason);
  return known.success
    ? REASONS[known.data].state === "human"
    : MeshReason.safeParse(reason).success;
}

/** The route by which nobody is told before the deadline has passed; then everybody. */
export function quietUntilOverdue(route: Route): Route {
  const { tell, severity, levels } = route;
  const overdue = levels.filter(({ at }) => at === "overdue");
  return {
    ...route,
    tell: [],
    severity: "info",
    remindersMax: 0,
    levels: [{ at: "overdue", also: tell, severity: severity ?? "warning" }, ...overdue],
  };
}

/** Channels and severity of what has had so many reminders, may be overdue, and is usually so grave. */
export function reached(
  route: Route,
  of: { readonly reminders: number; readonly overdue: boolean; readonly usual: Severity },
): { channels: readonly string[]; severity: Severity } {
  const levels = route.levels.filter(({ at }) =>
    at === "overdue" ? of.overdue : of.reminders >= Number(at.slice("reminder-".length)),
  );
  const channels = new Set([...route.tell, ...levels.flatMap(({ also }) => also)]);
  const first = route.severity ?? of.usual;
  const severities = [first, ...levels.flatMap(({ severity }) => severity ?? [])];
  return { channels: [...channels], severity: highest(severities) };
}

const ORDER = ["info", "warning", "critical"] as const satisfies readonly Severity[];

function highest(severities: readonly Severity[]): Severity {
  return ORDER[Math.max(...severities.map((severity) => ORDER.indexOf(severity)))] ?? "warning";
}
