import type { Failure } from "@baton/contracts";

import type { StrategyFault } from "./run-strategy.ts";

/** The failure that a source's fault is: the author's to mend. `on`: the instrument, or what else it was run on. */
export function strategyFailure(
  { code, message, row, date, parameters }: StrategyFault,
  on?: string,
): Failure {
  const where = [
    ...(on === undefined ? [] : [on]),
    ...(row === null ? [] : [`row ${row} (${date ?? "?"})`]),
    ...(parameters === null ? [] : [JSON.stringify(parameters)]),
  ].join(", ");
  return {
    class: "spec",
    code,
    message: `the strategy's source${where === "" ? "" : ` on ${where}`}: ${message}`,
    action:
      "Correct the source, then submit it again; changed, it is a new candidate. docs/own-strategy.md has what a strategy may do.",
  };
}
