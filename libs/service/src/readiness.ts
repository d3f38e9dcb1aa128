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
export type CheckResult = ({ ok: true; reason?: string } | { ok: false; reason: string }) & {
  readonly matters?: readonly CheckMatter[];
};

/** Answers from what is known already; it must not wait for anything. */
export type Check = () => CheckResult;

/** Every check with its answer; a service is ready if all of them say so. */
export interface ReadinessReport {
  readonly ready: boolean;
  readonly checks: { name: string; ok: boolean; reason: string | null }[];
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
}

/** An empty set of checks, which counts as ready. */
export function createReadiness(): Readiness {
  const checks = new Map<string, Check>();
  return {
    register(name, check) {
      if (checks.has(name))
        throw new Error(`a readiness check named ${name} is registered already`);
      checks.set(name, check);
    },
    report() {
      const told: CheckMatter[][] = [];
      const results = Array.from(checks, ([name, check]) => {
        const { ok, reason, matters } = answer(check);
        if (matters) told.push([...matters]);
        return { name, ok, reason: reason ?? null };
      });
      const ready = results.every(({ ok }) => ok);
      return { ready, checks: results, ...(told.length > 0 && { matters: told.flat() }) };
    },
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
