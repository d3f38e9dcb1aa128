import { emptyResource } from "@opentelemetry/resources";
import { expect, onTestFinished, test } from "vitest";

import { createMetrics } from "./metrics.ts";
import { createOrchestrationMetrics } from "./orchestration-metrics.ts";

async function recordedText(): Promise<string> {
  const metrics = createMetrics(emptyResource());
  onTestFinished(() => metrics.shutdown());
  const series = createOrchestrationMetrics(metrics.meter);
  series.stageDuration(42, { stage: "candidate-build", lane: "lane-b", result: "done" });
  series.handoffLatency(0.0004, { fromStage: "research-intake", toStage: "candidate-build" });
  series.retry({ stage: "candidate-build", failureClass: "transient" });
  series.retry({ stage: "candidate-build", failureClass: "transient" });
  series.failure({ stage: "gate-evaluation", failureClass: "spec" });
  series.queueDepth(7, { stage: "candidate-build", lane: "lane-b" });
  return metrics.collectPrometheus();
}

test("the text has exactly the contract's names and types, no counter suffix doubled", async () => {
  const types = (await recordedText()).match(/^# TYPE torghut.*$/gm);
  expect(types?.toSorted()).toEqual([
    "# TYPE torghut_orchestration_failure_total counter",
    "# TYPE torghut_orchestration_handoff_latency_seconds histogram",
    "# TYPE torghut_orchestration_queue_depth gauge",
    "# TYPE torghut_orchestration_retry_total counter",
    "# TYPE torghut_orchestration_stage_duration_seconds histogram",
  ]);
});

test("the series carry the contract's labels and no scope, candidate or run", async () => {
  const text = await recordedText();
  for (const line of [
    'torghut_orchestration_retry_total{stage="candidate-build",failure_class="transient"} 2',
    'torghut_orchestration_failure_total{stage="gate-evaluation",failure_class="spec"} 1',
    'torghut_orchestration_queue_depth{stage="candidate-build",lane="lane-b"} 7',
    'torghut_orchestration_stage_duration_seconds_sum{stage="candidate-build",lane="lane-b",result="done"} 42',
    'torghut_orchestration_stage_duration_seconds_bucket{stage="candidate-build",lane="lane-b",result="done",le="60"} 1',
    'torghut_orchestration_stage_duration_seconds_bucket{stage="candidate-build",lane="lane-b",result="done",le="30"} 0',
    'torghut_orchestration_handoff_latency_seconds_bucket{from_stage="research-intake",to_stage="candidate-build",le="0.0005"} 1',
  ]) {
    expect(text.split("\n")).toContain(line);
  }
});

test("every line is a comment or a series that Prometheus can read", async () => {
  for (const line of (await recordedText()).trimEnd().split("\n")) {
    if (line === "") continue;
    expect(line).toMatch(/^(# .+|[a-z_]+(\{([a-z_]+="[^"]*",?)+\})? [0-9.e+-]+)$/);
  }
});
