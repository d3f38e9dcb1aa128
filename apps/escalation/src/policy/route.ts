/** Whom what is told to, and when again: pure. */
import { Reason, REASONS, type Severity } from "@baton/contracts";

/** From here on more people are told. */
interface Level {
  readonly at: "overdue" | `reminder-${number}`;
  readonly also: readonly string[];
  /** Undefined: as before. */
  readonly severity: Severity | undefined;
}

/** What becomes of a review. */
export interface Route {
  /** Channels that are told everything. */
  readonly tell: readonly string[];
  readonly severity: Severity;
  readonly reminderEveryMs: number;
  readonly remindersMax: number;
  /** In the order in which they are reached, whatever order they are written in. */
  readonly levels: readonly Level[];
}

/** Reasons that people are asked for, in three classes. */
export const CLASSES = ["approval", "hold", "failure"] as const;
export type ReasonClass = (typeof CLASSES)[number];

/** The class of a reason. */
export function classOf(reason: Reason): ReasonClass {
  if (reason === "APPROVAL_REQUIRED") return "approval";
  return reason === "PAUSED" ? "hold" : "failure";
}

/** True if a person may be asked for this reason. */
export function isAskedFor(reason: string): reason is Reason {
  const known = Reason.safeParse(reason);
  return known.success && REASONS[known.data].state === "human";
}

/** Channels and severity of a review that has had so many reminders, and may be overdue. */
export function reached(
  route: Route,
  { reminders, overdue }: { reminders: number; overdue: boolean },
): { channels: readonly string[]; severity: Severity } {
  const levels = route.levels.filter(({ at }) =>
    at === "overdue" ? overdue : reminders >= Number(at.slice("reminder-".length)),
  );
  const channels = new Set([...route.tell, ...levels.flatMap(({ also }) => also)]);
  const severities = [route.severity, ...levels.flatMap(({ severity }) => severity ?? [])];
  return { channels: [...channels], severity: highest(severities) };
}

const ORDER = ["info", "warning", "critical"] as const satisfies readonly Severity[];

function highest(severities: readonly Severity[]): Severity {
  return ORDER[Math.max(...severities.map((severity) => ORDER.indexOf(severity)))] ?? "warning";
}
