import type { HrTime } from "@opentelemetry/api";

/** A time as the SDK has it. A bare number would be ambiguous to it: small ones count as offsets of the process's start. */
export function toHrTime(epochMs: number): HrTime {
  const seconds = Math.floor(epochMs / 1000);
  return [seconds, Math.round((epochMs - seconds * 1000) * 1e6)];
}
