import { hostname } from "node:os";
import { performance } from "node:perf_hooks";

import { DiagLogLevel, diag } from "@opentelemetry/api";
import type { Meter } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { Resource } from "@opentelemetry/resources";

import type { SpanSender } from "./finished-span.ts";
import { createLog } from "./log.ts";
import type { Log, LogLevel } from "./log.ts";
import { createMetrics } from "./metrics.ts";
import { grpcPortNote, type OtlpEnvironment, tracesUrl } from "./otlp-endpoint.ts";
import { observeProcess } from "./process-metrics.ts";
import { pooledRandom } from "./random-pool.ts";
import { createRunSampler } from "./run-sampler.ts";
import type { SpanExport } from "./span-export.ts";
import { formatTraceparent, newTraceContext } from "./trace-context.ts";
import { createTracer } from "./tracer.ts";
import type { Tracer } from "./tracer.ts";

/** The variables that telemetry obeys, parsed already; further OTEL_ ones are read by the SDK itself. Without an endpoint no tracing SDK is loaded. */
export interface TelemetryEnvironment extends OtlpEnvironment {
  readonly BATON_LOG_LEVEL?: LogLevel | undefined;
  /** New traces per second at most; 10 by default, 0 turns tracing off. */
  readonly BATON_TRACES_PER_SECOND?: number | undefined;
}

/** Logs, spans and metrics of one process; disposing sends what's waiting. */
export interface Telemetry extends AsyncDisposable {
  readonly log: Log;
  readonly tracer: Tracer;
  readonly meter: Meter;
  /** The traceparent of a new run, sampled by the head sampler; call it once per run. */
  readonly newTraceparent: () => string;
  /** Every series in Prometheus text format, to be served as PROMETHEUS_CONTENT_TYPE. */
  readonly collectPrometheus: () => Promise<string>;
}

/** How long disposing waits for a collector, in milliseconds, before spans are given up. */
const FLUSH_MS = 3000;
/** At most one complaint of the SDK per this time: a collector that's down fails every two seconds. */
const DIAG_INTERVAL_MS = 60_000;

/**
 * Starts logging, tracing and metrics for a process; one at a time per process.
 *
 * The tracing SDK is loaded only if an OTLP endpoint is configured. `secrets` are values that must
 * never be logged. Disposing takes 3 s at most, even if the collector doesn't answer.
 */
export async function startTelemetry({
  service,
  version,
  env,
  secrets = [],
}: {
  service: string;
  version?: string | undefined;
  env: TelemetryEnvironment;
  secrets?: readonly string[];
}): Promise<Telemetry> {
  const log = createLog({ service, version, level: env.BATON_LOG_LEVEL ?? "info", secrets });
  const resource = resourceFromAttributes({
    "service.name": service,
    "service.namespace": "baton",
    ...(version !== undefined && { "service.version": version }),
    "service.instance.id": `${hostname()}-${process.pid}`,
  });
  const metrics = createMetrics(resource);
  observeProcess(metrics.meter);
  reportDiagnostics(log);
  const note = grpcPortNote(env);
  if (note !== undefined) log.warn(note);
  const spans = await openSpanExport(env, resource);
  const sampler = createRunSampler({
    ...(env.BATON_TRACES_PER_SECOND !== undefined && { perSecond: env.BATON_TRACES_PER_SECOND }),
    now: () => performance.now(),
  });
  return {
    log,
    tracer: createTracer(spans?.tracer),
    meter: metrics.meter,
    newTraceparent: () =>
      formatTraceparent(newTraceContext({ sampled: sampler.sample(), random: pooledRandom })),
    collectPrometheus: () => metrics.collectPrometheus(),
    async [Symbol.asyncDispose]() {
      await within(FLUSH_MS, Promise.allSettled([spans?.shutdown(), metrics.shutdown()]));
      diag.disable();
      log.flush();
    },
  };
}

async function openSpanExport(
  env: TelemetryEnvironment,
  resource: Resource,
): Promise<SpanExport | undefined> {
  const url = tracesUrl(env);
  if (url === undefined) return undefined;
  const { startSpanExport } = await import("./span-export.ts");
  return startSpanExport({ url, resource });
}

function reportDiagnostics(log: Log): void {
  let lastMs = -Infinity;
  const report = (message: string, ...details: unknown[]): void => {
    const nowMs = performance.now();
    if (nowMs - lastMs < DIAG_INTERVAL_MS) return;
    lastMs = nowMs;
    log.warn({ details: details.map(String) }, `telemetry: ${message}`);
  };
  const ignore = (): void => {};
  diag.setLogger(
    { error: report, warn: report, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}

async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  const { promise: timeout, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, limitMs);
  await Promise.race([work, timeout]);
  clearTimeout(timer);
}

/** Opens a sender of spans that are over, to where `env` says; undefined: nowhere, or tracing is off. */
export async function openFinishedSpans(
  env: TelemetryEnvironment,
): Promise<SpanSender | undefined> {
  const url = tracesUrl(env);
  if (url === undefined || env.BATON_TRACES_PER_SECOND === 0) return undefined;
  const { openSpanSender } = await import("./span-sender.ts");
  return openSpanSender(url);
}
