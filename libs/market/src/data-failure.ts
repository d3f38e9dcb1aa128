import { Failed } from "@baton/contracts";
import { QuantError } from "@baton/quant";

import { MarketError } from "./market-error.ts";

/** What a candidate's data can fail with: it can't be used, can't be had now, or isn't what was declared. */
export type DataFailureCode = "E_DATA" | "E_DATA_UNAVAILABLE" | "E_DATA_CHANGED";

/** Why a candidate's data can't be worked on; the same for the same data, whoever loads it. `action` says what to do next. */
export class DataFailure extends Failed<DataFailureCode> {
  override readonly name = "DataFailure";
}

const CORRECT = "Correct the file or the name, then submit again.";

/** A wrong place in what the specification says about its data. */
export function specFault(message: string): DataFailure {
  return new DataFailure({ class: "spec", code: "E_DATA", message, action: CORRECT });
}

/** The data isn't what the run declared. */
export function dataChanged(message: string): DataFailure {
  return new DataFailure({
    class: "deterministic",
    code: "E_DATA_CHANGED",
    message,
    action: "Restore the data that the manifest names, or resume from research-intake.",
  });
}

/** A market error says itself whether a retry may help; one about a user's file is about the specification. */
export function asDataFailure(error: unknown): unknown {
  const options = { cause: error };
  if (error instanceof QuantError)
    return new DataFailure(
      { class: "spec", code: "E_DATA", message: error.message, action: CORRECT },
      options,
    );
  if (!(error instanceof MarketError)) return error;
  const failure = { message: error.message, class: error.class };
  if (error.class === "spec")
    return new DataFailure({ ...failure, code: "E_DATA", action: CORRECT }, options);
  if (error.class === "transient") {
    const action = "Check that the data source answers.";
    return new DataFailure({ ...failure, code: "E_DATA_UNAVAILABLE", action }, options);
  }
  const action = "Install the service's packages again (`npm ci`), then resume.";
  return new DataFailure({ ...failure, code: "E_DATA", action }, options);
}
