/**
 * Spans with explicit parents and times.
 *
 * Baton never relies on an ambient context: a span's parent is the traceparent that came with the
 * message. Whether a span costs anything is decided by that string's sampled flag, before any SDK
 * object is made; without an exporter every span is a no-op.
 */
import { SpanKind, SpanStatusCode, TraceFlags, context, trace } from "@opentelemetry/api";
import type {
  Attributes,
  Context,
  Link,
  Span,
  SpanContext,
  SpanOptions,
  Tracer as OtelTracer,
} from "@opentelemetry/api";

import { toHrTime } from "./hr-time.ts";
import { formatTraceparent, isSampled, parseTraceparent } from "./trace-context.ts";
import type { TraceContext } from "./trace-context.ts";

/** What a span is begun with. */
export interface SpanStart {
  /** The traceparent that this span is a child of; no parent or an unsampled one: a no-op. */
  readonly parent?: string | undefined;
  /** Milliseconds since the epoch; now if left out. */
  readonly startMs?: number | undefined;
  readonly kind?: "internal" | "consumer" | "producer" | "client" | "server";
  /** Traceparents of related spans, such as the run that this one was rerun from. */
  readonly links?: readonly string[];
  readonly attributes?: Attributes;
}

/** A begun span; on one that isn't recorded every method is free. */
export interface TraceSpan {
  /** What a child names as its parent; on an unrecorded span the parent's own, so that a trace isn't cut. */
  readonly traceparent: string | undefined;
  readonly recording: boolean;
  setAttributes(attributes: Attributes): void;
  addEvent(name: string, attributes?: Attributes): void;
  fail(message: string): void;
  /** Ends the span; `endMs` in milliseconds since the epoch, now if left out. */
  end(endMs?: number): void;
}

/** Starts spans. */
export interface Tracer {
  /** Whether a span under this traceparent would be recorded here: ask before building costly attributes. */
  readonly records: (traceparent: string | undefined) => boolean;
  readonly startSpan: (name: string, start: SpanStart) => TraceSpan;
}

const KINDS = {
  internal: SpanKind.INTERNAL,
  consumer: SpanKind.CONSUMER,
  producer: SpanKind.PRODUCER,
  client: SpanKind.CLIENT,
  server: SpanKind.SERVER,
} as const;

class UnrecordedSpan implements TraceSpan {
  readonly recording = false;
  readonly traceparent: string | undefined;

  constructor(traceparent: string | undefined) {
    this.traceparent = traceparent;
  }

  setAttributes(): void {}
  addEvent(): void {}
  fail(): void {}
  end(): void {}
}

class RecordedSpan implements TraceSpan {
  readonly recording = true;
  readonly traceparent: string;
  readonly #span: Span;

  constructor(span: Span) {
    this.#span = span;
    const { traceId, spanId } = span.spanContext();
    this.traceparent = formatTraceparent({ traceId, spanId, sampled: true });
  }

  setAttributes(attributes: Attributes): void {
    this.#span.setAttributes(attributes);
  }

  addEvent(name: string, attributes?: Attributes): void {
    this.#span.addEvent(name, attributes);
  }

  fail(message: string): void {
    this.#span.setStatus({ code: SpanStatusCode.ERROR, message });
  }

  end(endMs = Date.now()): void {
    this.#span.end(toHrTime(endMs));
  }
}

/** A tracer over the SDK's; without one it records nothing. */
export function createTracer(tracer: OtelTracer | undefined): Tracer {
  const records = (traceparent: string | undefined): boolean =>
    tracer !== undefined && isSampled(traceparent);

  function startSpan(name: string, start: SpanStart): TraceSpan {
    const { parent } = start;
    if (tracer === undefined || !isSampled(parent)) return new UnrecordedSpan(parent);
    const at = parseTraceparent(parent);
    if (at === undefined) return new UnrecordedSpan(undefined);
    return new RecordedSpan(tracer.startSpan(name, spanOptions(start), under(at)));
  }

  return { records, startSpan };
}

function under(parent: TraceContext): Context {
  return trace.setSpanContext(context.active(), remote(parent));
}

function spanOptions({ startMs = Date.now(), kind, links, attributes }: SpanStart): SpanOptions {
  return {
    startTime: toHrTime(startMs),
    ...(kind && { kind: KINDS[kind] }),
    ...(links && { links: links.flatMap(toLink) }),
    ...(attributes && { attributes }),
  };
}

function toLink(traceparent: string): Link[] {
  const target = parseTraceparent(traceparent);
  return target === undefined ? [] : [{ context: remote(target) }];
}

function remote({ traceId, spanId, sampled }: TraceContext): SpanContext {
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return { traceId, spanId, traceFlags, isRemote: true };
}
