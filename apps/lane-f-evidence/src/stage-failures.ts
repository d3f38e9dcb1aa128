import { BrokerError } from "@baton/brokerage";
import { GitError } from "@baton/gitops";
import { StageFailure, type StageWork } from "@baton/lanekit";
import { MarketError } from "@baton/market";

/** What a failure of something outside means for the stage; anything else stays as it is and counts as transient. */
function asStageFailure(error: unknown): unknown {
  if (error instanceof GitError) {
    const { class: kind, code, message, action } = error;
    return new StageFailure({ class: kind, code, message, action }, { cause: error });
  }
  if (error instanceof BrokerError)
    return new StageFailure(
      {
        class: error.code === "E_BROKER_UNAVAILABLE" ? "transient" : "deterministic",
        code: error.code,
        message: error.message,
        action: "Check that the broker runs and is ready (`/readyz`).",
      },
      { cause: error },
    );
  if (error instanceof MarketError)
    return new StageFailure(
      {
        class: error.class === "spec" ? "deterministic" : error.class,
        code: "E_DATA",
        message: error.message,
        action: error.next,
      },
      { cause: error },
    );
  return error;
}

/** `work` with what fails outside as the stage's own failure. */
export function stageWork(work: StageWork): StageWork {
  return async (context) => {
    try {
      return await work(context);
    } catch (thrown) {
      throw asStageFailure(thrown);
    }
  };
}
