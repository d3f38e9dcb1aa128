/**
 * Lane A's answer to every reason for which an earlier run came back.
 *
 * The specification is the author's and is the same in every run of a candidate, so no answer claims a change: it says
 * what the reason means for this run and what the author could change in a new candidate.
 */
import type { FeedbackAnswer } from "@baton/artifacts";
import type { Feedback } from "@baton/contracts";

const ANSWERS: readonly (readonly [about: RegExp, response: string])[] = [
  [
    /neighbour|peak|robustness/i,
    "The parameter sets stay as declared. A set whose neighbours do much worse was picked from noise: choose the middle of a broad plateau, or declare the whole plateau.",
  ],
  [
    /deflated|trials/i,
    "The number of declared trials stays: they are counted in full again. Fewer trials chosen for a reason, or a longer history, would leave less to luck.",
  ],
  [
    /drawdown/i,
    "Position sizes stay as declared. Instruments that fall at different times, or a volatility target, would make the falls smaller.",
  ],
  [
    /turnover|cost|slippage|spread/i,
    "The cost model stays as declared. Longer look-backs would trade less.",
  ],
  [
    /stress|fragil|delay|liquidity|reject/i,
    "The strategy is tested under the same stresses again. One that needs exact fills won't survive them: hold positions longer.",
  ],
  [
    /fold|variation|negative|pnl|return|sharpe|expectation/i,
    "The thesis is tested on the same folds again; the expectation stays as it was declared. If it doesn't hold out of sample, it is the thesis that has to change.",
  ],
  [
    /data|stale|null|gap|rows/i,
    "The data was loaded and described again; the manifest shows its present state.",
  ],
];

const OTHERWISE =
  "Nothing in the specification answers it; it is the author's to answer with a new candidate.";

/** Every reason of every earlier run, in order, with its answer. */
export function answersTo(feedback: readonly Feedback[]): FeedbackAnswer[] {
  return feedback.map(({ runId, stage, reasons }) => ({
    runId,
    stage,
    answers: reasons.map((reason) => ({
      reason,
      response: ANSWERS.find(([about]) => about.test(reason))?.[1] ?? OTHERWISE,
    })),
  }));
}
