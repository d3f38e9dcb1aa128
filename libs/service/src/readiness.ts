import { randomUUID } from "node:crypto";
import { hostname } from "node:os";

/** Something that a person must look at, though the service does its work. */
interface CheckMatter {
  readonly code: string;
  /** A candidate's id, or `mesh`. */
  readonly subject: string;
  /** ISO. */
  readonly since: string;
  readonly text: string;
}

/** Whether a part of a service can do its work at this moment. */
export type CheckResult = (
  | { ok: true; reason?: string }
  /** `code`: what it is, for programs. */
  | { ok: false; reason: string; code?: string }
) & {
  /** Said instead of a reason that names candidates, accounts or people, to whoever may not read those. */
  readonly open?: string;
  readonly matters?: readonly CheckMatter[];
};

/** Answers from what is known already; it must not wait for anything. */
export type Check = () => CheckResult;

interface CheckReport {
  readonly name: string;
  readonly ok: boolean;
  readonly reason: string | null;
  readonly code?: string;
}

/** Every check with its answer; a service is ready if all of them say so. */
export interface ReadinessReport {
  readonly ready: boolean;
  readonly checks: CheckReport[];
  /** Absent where no check tells any, be it none. */
  readonly matters?: CheckMatter[];
}

/** What a process says of itself. */
export interface OwnHealth extends ReadinessReport {
  readonly v: 1;
  readonly service: string;
  /** Tells the processes of a service apart. */
  readonly instance: string;
  readonly host: string;
  readonly pid: number;
  readonly startedAt: string;
}

/** Says who this process is, from now on; `report` is asked each time. */
export function ownHealth(service: string, report: () => ReadinessReport): () => OwnHealth {
  const who = {
    v: 1,
    service,
    instance: randomUUID().slice(0, 8),
    host: hostname().slice(0, 253),
    pid: process.pid,
    startedAt: new Date().toISOString(),
  } as const;
  return () => ({ ...who, ...report() });
}

/** The checks of a service. */
export interface Readiness {
  /** Names are unique; a second check of the same name throws. */
  register(name: string, check: Check): void;
  report(): ReadinessReport;
  /** The same without what only readers may know. */
  openReport(): ReadinessReport;
}

/** An empty set of checks, which counts as ready. */
export function createReadiness(): Readiness {
  const checks = new Map<string, Check>();
  const answers = () => Array.from(checks, ([name, check]) => ({ name, ...answer(check) }));
  return {
    register(name, check) {
      if (checks.has(name))
        throw new Error(`a readiness check named ${name} is registered already`);
      checks.set(name, check);
    },
    report() {
      const all = answers();
      const told = all.flatMap(({ matters }) => (matters ? [matters] : []));
      const results = all.map((one) => reported(one, one.reason));
      return {
        ready: all.every(({ ok }) => ok),
        checks: results,
        ...(told.length > 0 && { matters: told.flat() }),
      };
    },
    openReport() {
      const all = answers();
      const results = all.map((one) => reported(one, (one.reason && one.open) ?? one.reason));
      return { ready: all.every(({ ok }) => ok), checks: results };
    },
  };
}

function reported(
  one: CheckResult & { readonly name: string },
  reason: string | undefined,
): CheckReport {
  const code = one.ok ? undefined : one.code;
  return {
    name: one.name,
    ok: one.ok,
    reason: reason ?? null,
    ...(code !== undefined && { code }),
  };
}

function answer(check: Check): CheckResult {
  try {
    return check();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, reason: `the check itself failed: ${reason}` };
  }
}
