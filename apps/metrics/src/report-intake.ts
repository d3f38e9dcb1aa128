/**
 * Counts reports through the durable that all replicas share, so that each report is counted by one of them and the sum over
 * the replicas is right.
 *
 * R1: a report is counted, then acknowledged in the same turn of the event loop: a process that is killed loses its counters
 *     anyway, and what it had acknowledged isn't counted again by its successor.
 * R2: a report that comes again to the process that counted it (its acknowledgement was lost with a connection or a server) is
 *     acknowledged and not counted.
 */
import { DURABLES, STREAMS } from "@baton/contracts";
import type { Delivery, Mesh, PullWorker } from "@baton/mesh";
import type { Log, OrchestrationMetrics } from "@baton/telemetry";

import { readReportFacts, type ReportFacts } from "./report-facts.ts";
import { createSequenceRing } from "./sequence-ring.ts";

/** What counting works with. */
export interface ReportIntakeParts {
  readonly mesh: Pick<Mesh, "take">;
  readonly series: OrchestrationMetrics;
  readonly log: Log;
}

/** Reports asked for at a time. */
const CAPACITY = 2048;
/** R2 reaches back so far: more than may be on the way to all replicas. */
const REMEMBERED = 65_536;

/** Starts counting. */
export function startReportIntake({ mesh, series, log }: ReportIntakeParts): PullWorker {
  const counted = createSequenceRing(REMEMBERED);
  const take = (delivery: Delivery): void => {
    if (counted.has(delivery.sequence)) {
      delivery.ack();
      return;
    }
    const facts = readReportFacts(delivery.data);
    if (typeof facts === "string") {
      const { sequence, subject } = delivery;
      log.warn({ sequence, subject: subject.slice(0, 200), why: facts }, "report set aside");
      delivery.term(`E_MALFORMED ${facts}`);
      return;
    }
    record(series, facts);
    counted.add(delivery.sequence);
    delivery.ack();
  };
  return mesh.take({
    stream: STREAMS.reports.name,
    durable: DURABLES.metrics,
    capacity: CAPACITY,
    onTrouble: (what) => log.warn({ what }, "metrics intake"),
    onDelivery: (delivery, release) => {
      take(delivery);
      release();
    },
  });
}

function record(series: OrchestrationMetrics, facts: ReportFacts): void {
  const { stage, lane, result, failureClass, handoff } = facts;
  if (result) series.stageDuration(result.seconds, { stage, lane, result: result.name });
  else if (failureClass !== undefined) series.retry({ stage, failureClass });
  if (failureClass !== undefined) series.failure({ stage, failureClass });
  if (handoff) series.handoffLatency(handoff.seconds, { fromStage: handoff.from, toStage: stage });
}
