import type { AcceptedReceipt } from "@baton/client";
import { printable } from "@baton/text/printable";

type Stands = NonNullable<AcceptedReceipt["outcome"]["stands"]>;

/** A receipt in a line or two. */
export function renderReceipt(verb: string, receipt: AcceptedReceipt): string {
  const { candidateId, outcome } = receipt;
  const { runId, stage, sequence, time, duplicate, detail, stands } = outcome;
  const what = `${candidateId}  stage ${stage}  run ${runId}  journal ${sequence}  ${time}`;
  if (duplicate) {
    const lines = [
      `duplicate  ${what}`,
      `${verb} of this was accepted before and changed nothing now; this is the original receipt.`,
      ...(stands === undefined ? [] : [standingText(stands)]),
      ...(verb === "submit" && endedShort(receipt) ? [RUN_AGAIN] : []),
    ];
    return `${lines.map(printable).join("\n           ")}\n`;
  }
  const particulars = detail === undefined ? "" : `           ${printable(detail)}\n`;
  return `accepted   ${what}\n${particulars}`;
}

const RUN_AGAIN =
  "To run the same specification again give it an id of its own: `baton submit FILE --id ID`.";

/** True for a duplicate whose candidate was closed without being completed: whoever submits it again gets nothing for it. */
export function endedShort({ outcome: { stands } }: AcceptedReceipt): boolean {
  return stands !== undefined && stands.holder === "closed" && stands.reason !== "COMPLETED";
}

function standingText({ stage, holder, reason, since, by, why }: Stands): string {
  const who = by === undefined ? "" : ` by ${by}${why === undefined ? "" : `: ${why}`}`;
  return `It stands at ${stage} with ${holder} since ${since}, ${reason}${who}.`;
}
