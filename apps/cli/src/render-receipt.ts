import { printable } from "./printable.ts";
import type { AcceptedReceipt } from "./send-command.ts";

/** A receipt in a line or two. */
export function renderReceipt(verb: string, receipt: AcceptedReceipt): string {
  const { candidateId, outcome } = receipt;
  const { runId, stage, sequence, time, duplicate, detail } = outcome;
  const what = `${candidateId}  stage ${stage}  run ${runId}  journal ${sequence}  ${time}`;
  if (duplicate) {
    return `duplicate  ${what}\n           ${verb} of this was accepted before and changed nothing now; this is the original receipt.\n`;
  }
  const particulars = detail === undefined ? "" : `           ${printable(detail)}\n`;
  return `accepted   ${what}\n${particulars}`;
}
