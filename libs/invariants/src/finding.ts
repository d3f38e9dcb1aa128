/** What checking one invariant gave. */
export interface Finding {
  /** `J1` to `J9`. */
  readonly id: string;
  readonly title: string;
  /** How many things were looked at; 0 means that nothing could have been wrong. */
  readonly checked: number;
  /** What was looked at, such as `entries`. */
  readonly unit: string;
  readonly ok: boolean;
  readonly violations: readonly Violation[];
  /** Violations beyond those that are told. */
  readonly more: number;
}

/** One thing that isn't as it must be. */
export interface Violation {
  /** Where to look, such as `JOURNAL 17` or `cand-….live-ramp.run-…`. */
  readonly where: string;
  readonly what: string;
}

/** Most violations that are told per invariant. */
const MAX_TOLD = 50;

/** Puts a finding together. */
export function finding(of: {
  id: string;
  title: string;
  checked: number;
  unit: string;
  violations: readonly Violation[];
}): Finding {
  const { violations } = of;
  return {
    ...of,
    ok: violations.length === 0,
    violations: violations.slice(0, MAX_TOLD),
    more: Math.max(0, violations.length - MAX_TOLD),
  };
}
