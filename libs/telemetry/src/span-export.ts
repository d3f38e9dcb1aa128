/**
 * The only module that loads the tracing SDK (some 10 MB of resident memory and 0.3 s of start);
 * `startTelemetry` imports it dynamically, and only when an endpoint is configured.
 */
import { trace } from "@opentelemetry/api";
import type { Tracer } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { envDetector } from "@opentelemetry/resources";
import type { Resource } from "@opentelemetry/resources";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { AlwaysOnSampler, BatchSpanProcessor, StackContextManager } from "@opentelemetry/sdk-trace";

/** Spans beyond this many waiting ones are dropped: a collector that's down must cost no memory. */
const QUEUE_SPANS = 2048;
const BATCH_SPANS = 512;
const BATCH_DELAY_MS = 2000;
const EXPORT_TIMEOUT_MS = 10_000;
const SPAN_LIMITS = {
  attributeCountLimit: 64,
  attributeValueLengthLimit: 2048,
  eventCountLimit: 64,
  linkCountLimit: 64,
};

/** A running exporter. */
export interface SpanExport {
  readonly tracer: Tracer;
  /** Sends what is waiting and stops; may take as long as the export timeout (10 s). */
  shutdown(): Promise<void>;
}

/** Starts the SDK with an OTLP exporter (HTTP, protobuf) that posts to `url`. */
export function startSpanExport({
  url,
  resource,
}: {
  url: string;
  resource: Resource;
}): SpanExport {
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: EXPORT_TIMEOUT_MS });
  const sdk = new NodeSDK({
    resource,
    // Not the process detector: it would send the command line.
    resourceDetectors: [envDetector],
    // Parents are explicit everywhere, so the cost of an ambient context per await is saved.
    contextManager: new StackContextManager(),
    textMapPropagator: null,
    metricReaders: [],
    logRecordProcessors: [],
    // The head of the trace has decided already, and tracer.ts asks only for sampled spans.
    sampler: new AlwaysOnSampler(),
    spanLimits: SPAN_LIMITS,
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: QUEUE_SPANS,
        maxExportBatchSize: BATCH_SPANS,
        scheduledDelayMillis: BATCH_DELAY_MS,
        exportTimeoutMillis: EXPORT_TIMEOUT_MS,
      }),
    ],
  });
  sdk.start();
  return {
    tracer: trace.getTracer("baton"),
    async shutdown() {
      await sdk.shutdown();
      trace.disable();
    },
  };
}
