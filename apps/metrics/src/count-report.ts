/** Counts a report that the journal took in the contract's series. */
import type { TakenReport } from "@baton/folds";
import type { StoredMessage } from "@baton/mesh";
import type { OrchestrationMetrics } from "@baton/telemetry";

import { readReportFacts } from "./report-facts.ts";

/** Counts it; in words why it isn't the report that the journal took, if it isn't: such as in a stream that was made anew. */
export function countReport(
  series: OrchestrationMetrics,
  taken: TakenReport,
  { data, storedMs }: Pick<StoredMessage, "data" | "storedMs">,
): string | undefined {
  const facts = readReportFacts(data);
  if (typeof facts === "string") return facts;
  const { candidateId, stage, attempt, dispatch } = taken;
  const isThat =
    facts.candidateId === candidateId &&
    facts.stage === stage &&
    facts.attempt === attempt &&
    facts.answers === dispatch.sequence;
  if (!isThat)
    return `it's about ${facts.stage} of ${facts.candidateId}, not ${stage} of ${candidateId}`;
  const { lane, failureClass, outcome } = facts;
  if (taken.retried) series.retry({ stage, failureClass: failureClass ?? outcome });
  else {
    const seconds = atMost(facts.seconds, storedMs - dispatch.storedMs);
    series.stageDuration(seconds, { stage, lane, result: outcome });
  }
  if (failureClass !== undefined) series.failure({ stage, failureClass });
  const { from } = dispatch;
  if (facts.handoffSeconds !== undefined && from) {
    const seconds = atMost(facts.handoffSeconds, storedMs - from.storedMs);
    series.handoffLatency(seconds, { fromStage: from.stage, toStage: stage });
  }
  return undefined;
}

/** K1: seconds as the lane says, within what the server's clock allows. */
function atMost(seconds: number, longestMs: number): number {
  return Math.min(seconds, Math.max(0, longestMs) / 1000);
}
