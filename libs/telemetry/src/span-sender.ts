/** Sends finished spans over OTLP (HTTP, protobuf). Loads the exporter; import it only where an endpoint is configured. */
import { type Attributes, SpanKind, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import type { Resource } from "@opentelemetry/resources";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";

import type { FinishedSpan, SpanSender } from "./finished-span.ts";
import { toHrTime } from "./hr-time.ts";

const EXPORT_TIMEOUT_MS = 10_000;
/** The exporter's answer for what was taken. */
const TAKEN = 0;
const KINDS = {
  internal: SpanKind.INTERNAL,
  consumer: SpanKind.CONSUMER,
  producer: SpanKind.PRODUCER,
} as const;
const SCOPE = { name: "baton" };

/** Opens a sender that posts to `url`; further OTEL_ variables (headers, certificates) are read by the exporter. */
export function openSpanSender(url: string): SpanSender {
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: EXPORT_TIMEOUT_MS });
  const resourceOf = resources();
  return {
    send: (spans) => {
      const { promise, resolve } = Promise.withResolvers<string | undefined>();
      exporter.export(
        spans.map((span) => toReadable(span, resourceOf(span.service))),
        ({ code, error }) =>
          resolve(
            Object.is(code, TAKEN) ? undefined : (error?.message ?? "the receiver refused them"),
          ),
      );
      return promise;
    },
    [Symbol.asyncDispose]: () => exporter.shutdown(),
  };
}

/** One resource per service, with what the environment says of where it all runs. */
function resources(): (service: string) => Resource {
  const detected = detectResources({ detectors: [envDetector] });
  const known = new Map<string, Resource>();
  return (service) => {
    const found = known.get(service);
    if (found) return found;
    const own = { "service.name": service, "service.namespace": "baton" };
    const made = detected.merge(resourceFromAttributes(own));
    known.set(service, made);
    return made;
  };
}

function toReadable(span: FinishedSpan, resource: Resource): ReadableSpan {
  const { traceId, spanId, parentId, name, kind, startMs, endMs, error } = span;
  const at = (id: string, trace = traceId) => ({
    traceId: trace,
    spanId: id,
    traceFlags: TraceFlags.SAMPLED,
  });
  return {
    name,
    kind: KINDS[kind],
    spanContext: () => at(spanId),
    ...(parentId !== undefined && { parentSpanContext: at(parentId) }),
    startTime: toHrTime(startMs),
    endTime: toHrTime(endMs),
    duration: toHrTime(endMs - startMs),
    ended: true,
    status:
      error === undefined
        ? { code: SpanStatusCode.UNSET }
        : { code: SpanStatusCode.ERROR, message: error },
    attributes: attributesOf(span),
    links: span.links.map((link) => ({
      context: at(link.spanId, link.traceId),
      attributes: { "baton.link": link.to },
    })),
    events: [],
    resource,
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function attributesOf({ attributes }: FinishedSpan): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => [
      key,
      typeof value === "object" ? [...value] : value,
    ]),
  );
}
