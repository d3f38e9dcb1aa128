/**
 * The series of the orchestration playbook's observability contract.
 *
 * The contract also lists candidate and run ids as labels. They're left out on purpose: every run
 * would add series for ever. Logs and traces carry the ids.
 */
import type { Meter } from "@opentelemetry/api";

/** From tenths of a second (dry checks) to four hours (agents), in seconds. */
const STAGE_BUCKETS_S = [
  0.1, 0.5, 1, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 5400, 7200, 14_400,
];
/** From half a millisecond (measured median) to a minute (a lane was restarting), in seconds. */
const HANDOFF_BUCKETS_S = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];

/** Records the contract's five series; labels are closed so that no id can slip in. */
export interface OrchestrationMetrics {
  /** `seconds` from a stage run's dispatch to its result. */
  readonly stageDuration: (
    seconds: number,
    labels: { stage: string; lane: string; result: string },
  ) => void;
  readonly retry: (labels: { stage: string; failureClass: string }) => void;
  readonly failure: (labels: { stage: string; failureClass: string }) => void;
  /** `depth`: stage runs that wait or are under way. */
  readonly queueDepth: (depth: number, labels: { stage: string; lane: string }) => void;
  /** `seconds` from the stored result of one stage to the start of work on the next. */
  readonly handoffLatency: (
    seconds: number,
    labels: { fromStage: string; toStage: string },
  ) => void;
}

/** Creates the instruments under the names that the contract's dashboards and alerts use. */
export function createOrchestrationMetrics(meter: Meter): OrchestrationMetrics {
  const stageDuration = meter.createHistogram("torghut_orchestration_stage_duration_seconds", {
    description: "Time from the start of its attempt of a stage run to its result, in seconds",
    advice: { explicitBucketBoundaries: STAGE_BUCKETS_S },
  });
  const handoffLatency = meter.createHistogram("torghut_orchestration_handoff_latency_seconds", {
    description: "Time from a stage's stored result to the start of the next stage, in seconds",
    advice: { explicitBucketBoundaries: HANDOFF_BUCKETS_S },
  });
  const retries = meter.createCounter("torghut_orchestration_retry_total", {
    description: "Attempts that failed and were tried again",
  });
  const failures = meter.createCounter("torghut_orchestration_failure_total", {
    description: "Failed attempts, by class",
  });
  const queueDepth = meter.createGauge("torghut_orchestration_queue_depth", {
    description: "Stage runs that wait for a lane or are being worked on",
  });
  return {
    stageDuration: (seconds, { stage, lane, result }) =>
      stageDuration.record(seconds, { stage, lane, result }),
    handoffLatency: (seconds, { fromStage, toStage }) =>
      handoffLatency.record(seconds, { from_stage: fromStage, to_stage: toStage }),
    retry: ({ stage, failureClass }) => retries.add(1, { stage, failure_class: failureClass }),
    failure: ({ stage, failureClass }) => failures.add(1, { stage, failure_class: failureClass }),
    queueDepth: (depth, { stage, lane }) => queueDepth.record(depth, { stage, lane }),
  };
}
