import { CandidateId, IncidentClass, Instant, RunId, Sha256, Stage } from "@baton/contracts";
import { z } from "zod";

/** What must hold before anything may run again. */
export const RECOVERY_CHECKS = [
  /** The engine keeps up with main. */
  "scheduler",
  /** The data is still the declared one. */
  "freshness",
  /** A kill switch stops orders and lets cancels pass. */
  "risk-engine",
  /** Orders are taken, filled and closed. */
  "paper-execution",
  /** The strategy's account holds what its version on main wants, with nothing open. */
  "reconciliation",
] as const;
export const RecoveryCheck = z.enum(RECOVERY_CHECKS);
export type RecoveryCheck = z.infer<typeof RecoveryCheck>;

/** `incident/incident-record.json`: what happened, how it was contained, whether things are well again. */
export const IncidentRecord = z.object({
  schemaVersion: z.literal("baton.incident-record.v1"),
  candidateId: CandidateId,
  runId: RunId,
  /** `inc-` and 12 hex digits: the id of the incident that people opened, otherwise over the stage run. */
  incidentId: z.string().regex(/^inc-[0-9a-f]{12}$/),
  class: IncidentClass,
  /** The class that people gave it alone; otherwise every class that the reasons speak of, the gravest first. */
  classes: z.array(IncidentClass).min(1),
  /** Stage that failed, or that it was taken from when people opened the incident. */
  stage: Stage,
  declaredBy: z.enum(["gate", "failure", "person"]),
  reasons: z.array(z.string().max(300)).min(1).max(50),
  containment: z.object({
    /**
     * `restored`: main has an earlier run's version again; `removed`: the strategy was taken off main; `nothing-deployed`: it
     * wasn't on main; `emergency`: Git couldn't be reached, so the account was closed at the broker.
     */
    action: z.enum(["restored", "removed", "nothing-deployed", "emergency"]),
    /** Hash of what main asks for now; null if nothing, or if nobody can tell. */
    configHash: Sha256.nullable(),
    /** True if the kill switch of the strategy's account is engaged, by this recovery or before it; a person releases it. */
    killSwitchEngaged: z.boolean(),
    /** What was done outside Git, on whose authority; only with the action `emergency`. */
    emergency: z
      .object({
        ticket: z.string(),
        until: Instant,
        declaredBy: z.string(),
        /** Orders that closed what was held. */
        closed: z.array(
          z.object({
            clientOrderId: z.string(),
            instrument: z.string(),
            side: z.enum(["buy", "sell"]),
            quantity: z.string(),
          }),
        ),
        /** What is still held. */
        left: z.array(z.object({ instrument: z.string(), quantity: z.string() })),
      })
      .optional(),
  }),
  checks: z
    .array(z.object({ check: RecoveryCheck, passed: z.boolean(), detail: z.string().max(300) }))
    .length(RECOVERY_CHECKS.length),
  recovered: z.boolean(),
  /** What people do next, in order. */
  next: z.array(z.string().max(300)).min(1).max(10),
});
export type IncidentRecord = z.infer<typeof IncidentRecord>;

/** `observed/incident-recovery.json`: when it was contained and checked, and what that took. */
export const ObservedIncident = z.object({
  schemaVersion: z.literal("baton.observed-incident.v1"),
  /** Journal sequence of the entry that opened it. */
  openedBy: z.int().positive(),
  containedAt: Instant,
  verifiedAt: Instant,
  /** Commit on main that contained it, and whether this attempt made it; null if nothing was deployed. */
  containment: z
    .object({ commit: z.string(), effect: z.enum(["done", "already"]), ms: z.number().min(0) })
    .nullable(),
});
export type ObservedIncident = z.infer<typeof ObservedIncident>;
