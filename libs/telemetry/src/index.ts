export type { Attributes, Meter } from "@opentelemetry/api";

export type { FinishedSpan, SpanSender } from "./finished-span.ts";
export { LOG_LEVELS } from "./log.ts";
export type { Log, LogLevel } from "./log.ts";
export { PROMETHEUS_CONTENT_TYPE } from "./metrics.ts";
export { createOrchestrationMetrics } from "./orchestration-metrics.ts";
export type { OrchestrationMetrics } from "./orchestration-metrics.ts";
export { createRunSampler } from "./run-sampler.ts";
export type { RunSampler } from "./run-sampler.ts";
export { createScrubber } from "./scrub-secrets.ts";
export { openFinishedSpans, startTelemetry } from "./start-telemetry.ts";
export type { Telemetry, TelemetryEnvironment } from "./start-telemetry.ts";
export {
  TRACEPARENT_HEADER,
  formatTraceparent,
  isSampled,
  newTraceContext,
  parseTraceparent,
} from "./trace-context.ts";
export type { TraceContext } from "./trace-context.ts";
export type { SpanStart, TraceSpan, Tracer } from "./tracer.ts";
export { createTally } from "./tally.ts";
