/**
 * Comparisons that fail closed.
 *
 * K1: a check passes only on a value that was measured from artifacts that are all there.
 * K2: `skipped` takes no measurement. It is for what a later stage measures (and only while that stage has left
 *     nothing in the run), or for what can't apply, shown by artifacts that are all there.
 */
import type { GateCheck, InputDigest } from "@baton/artifacts";
import { cut, type Stage } from "@baton/contracts";

import { sourceDigests, type Source } from "./evidence.ts";

/** What every check says about itself. */
interface Head {
  readonly checkId: string;
  /** What is measured, with its unit. */
  readonly title: string;
  /** The artifacts that it is read from: one that is missing fails the check. */
  readonly from: readonly Source<unknown>[];
}

/** A number against a threshold; `means` says what it means if it fails. */
export interface NumberCheck extends Head {
  readonly measured: number | null | undefined;
  /** Undefined if it was to come from an artifact that is missing. */
  readonly threshold: number | undefined;
  readonly means: string;
}

/** A value that has to be exactly this one. */
export interface ExactCheck extends Head {
  readonly measured: string | number | boolean | null | undefined;
  readonly threshold: string | number | boolean | undefined;
  readonly means: string;
}

/** The checks of one gate; each function gives one finished check. */
export function checksOf(gateId: string) {
  const check = (head: Head, rest: Omit<GateCheck, "gateId" | "checkId" | "title" | "evidence">) =>
    finished(gateId, head, rest);
  return {
    atLeast: (of: NumberCheck) => check(of, compared(of, "at least")),
    atMost: (of: NumberCheck) => check(of, compared(of, "at most")),
    exactly: (of: ExactCheck) => check(of, same(of)),
    /** For a stage that comes later and measures it itself. */
    later: (
      of: Omit<Head, "from"> & { readonly stage: Stage; readonly seen: ReadonlySet<Stage> },
    ) => check({ ...of, from: [] }, postponed(of)),
    /** For what can't apply to this candidate, as `from` shows. */
    notApplicable: (of: Head & { readonly because: string }) => check(of, unapplied(of)),
  };
}

type Rest = Omit<GateCheck, "gateId" | "checkId" | "title" | "evidence">;

function finished(gateId: string, head: Head, rest: Rest): GateCheck {
  const { checkId, title, from } = head;
  const evidence: InputDigest[] = sourceDigests(from);
  const absent = from.filter(({ found }) => found === undefined).map(({ name }) => name);
  if (absent.length === 0)
    return { gateId, checkId, title, evidence, ...rest, reason: cut(rest.reason, 280) };
  const reason = cut(`${absent.join(" and ")} missing from the run: nothing was measured`, 280);
  const nothing = { status: "missing", measured: null, margin: null } as const;
  return { gateId, checkId, title, evidence, ...rest, ...nothing, reason };
}

const unmeasured = (rule: Rest["rule"], threshold: Rest["threshold"] | undefined): Rest => ({
  status: "missing",
  rule,
  threshold: threshold ?? null,
  measured: null,
  margin: null,
  reason: "the artifacts hold no such value: nothing was measured",
});

function compared(of: NumberCheck, rule: "at least" | "at most"): Rest {
  const { measured, threshold, means } = of;
  if (measured === undefined || measured === null || threshold === undefined)
    return unmeasured(rule, threshold);
  if (!Number.isFinite(measured)) return unmeasured(rule, threshold);
  const margin = rule === "at least" ? measured - threshold : threshold - measured;
  const passed = margin >= 0;
  const sentence = `${shown(measured)} is ${passed ? "" : "not "}${rule} ${shown(threshold)}`;
  const reason = passed ? sentence : `${sentence}: ${means}`;
  return { status: passed ? "pass" : "fail", rule, threshold, measured, margin, reason };
}

function same({ measured, threshold, means }: ExactCheck): Rest {
  if (measured === undefined || measured === null || threshold === undefined)
    return unmeasured("exactly", threshold);
  const passed = measured === threshold;
  const sentence = `${shown(measured)} is ${passed ? "" : "not "}${shown(threshold)}`;
  const reason = passed ? sentence : `${sentence}: ${means}`;
  const status = passed ? "pass" : "fail";
  return { status, rule: "exactly", threshold, measured, margin: null, reason };
}

function postponed({
  stage,
  seen,
}: {
  readonly stage: Stage;
  readonly seen: ReadonlySet<Stage>;
}): Rest {
  const rest = { rule: "exactly", threshold: null, measured: null, margin: null } as const;
  if (!seen.has(stage))
    return { ...rest, status: "skipped", reason: `measured later, by ${stage}` };
  const reason = `${stage} has left artifacts in this run, so this can't be put off any more`;
  return { ...rest, status: "missing", reason };
}

function unapplied({ because }: { readonly because: string }): Rest {
  const rest = { rule: "exactly", threshold: null, measured: null, margin: null } as const;
  return { ...rest, status: "skipped", reason: `doesn't apply: ${because}` };
}

/** A failed check that is only worth a warning: it is shown and fails nothing. A missing one stays missing. */
export function asWarning(check: GateCheck, why: string): GateCheck {
  if (check.status !== "fail") return check;
  return { ...check, status: "warning", reason: cut(`${check.reason}; ${why}`, 280) };
}

/** A value as people read it: at most four significant digits. */
export function shown(value: string | number | boolean): string {
  if (typeof value !== "number") return String(value);
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}
