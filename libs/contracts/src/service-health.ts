/** What a process says of itself when it's asked: whether it can do its work, and why not. */
import { z } from "zod";

import { cut } from "./failure.ts";
import { Instant } from "./names.ts";
import { wireObject, WireVersion } from "./wire.ts";

/** Most checks of one process, and characters of one reason, that are told. */
const MOST = { checks: 50, reason: 500, matters: 50 } as const;

/** Something at a service that a person must look at, though the service itself does its work. */
export const ServiceMatter = wireObject({
  code: z.string().regex(/^E_[A-Z0-9_]{1,60}$/),
  /** A candidate's id, or `mesh`. */
  subject: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  /** Since when this process has seen it. */
  since: Instant,
  /** One sentence, for people. */
  text: z.string(),
});
export type ServiceMatter = z.infer<typeof ServiceMatter>;

/** The answer of one process. `service` is what it calls itself; who answers is known by the subject that was asked. */
export const ServiceHealth = wireObject({
  v: WireVersion,
  service: z.string().max(63),
  /** Tells the processes of a service apart. */
  instance: z.string().max(63),
  host: z.string().max(253),
  pid: z.int().positive(),
  startedAt: Instant,
  ready: z.boolean(),
  /** What it looked at; `reason` may be given for what is well too. */
  checks: z
    .array(
      wireObject({
        name: z.string(),
        ok: z.boolean(),
        reason: z.string().nullable(),
        /** What is wrong, for programs; most checks have none. */
        code: z.string().max(60).optional(),
      }),
    )
    .max(MOST.checks),
  /** Absent where a service doesn't tell any. */
  matters: z.array(ServiceMatter).max(MOST.matters).optional(),
});
export type ServiceHealth = z.infer<typeof ServiceHealth>;

/** What a service answers under; only a process that signed in as this kind can. */
export function serviceSubject(kind: string): string {
  return `baton.service.${kind}`;
}

/** The same answer within its bounds: what fails is kept before what is well. */
export function boundedHealth(health: ServiceHealth): ServiceHealth {
  const checks = health.checks
    .toSorted((a, b) => Number(a.ok) - Number(b.ok))
    .slice(0, MOST.checks)
    .map((check) => ({
      ...check,
      reason: check.reason === null ? null : cut(check.reason, MOST.reason),
    }));
  const matters = health.matters
    ?.slice(0, MOST.matters)
    .map((matter) => ({ ...matter, text: cut(matter.text, MOST.reason) }));
  return { ...health, checks, ...(matters && { matters }) };
}
