/** Counts a stored report in the contract's series. */
import type { OrchestrationMetrics } from "@baton/telemetry";

import { readReportFacts } from "./report-facts.ts";

/** Counts it; in words why it isn't a report, if it isn't one: the coordinator sets such a message aside. */
export function countReport(series: OrchestrationMetrics, data: Uint8Array): string | undefined {
  const facts = readReportFacts(data);
  if (typeof facts === "string") return facts;
  const { stage, lane, result, failureClass, handoff } = facts;
  if (result) series.stageDuration(result.seconds, { stage, lane, result: result.name });
  else if (failureClass !== undefined) series.retry({ stage, failureClass });
  if (failureClass !== undefined) series.failure({ stage, failureClass });
  if (handoff) series.handoffLatency(handoff.seconds, { fromStage: handoff.from, toStage: stage });
  return undefined;
}
