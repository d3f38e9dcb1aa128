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
  HrTime,
  Link,
  Span,
  SpanContext,
  SpanOptions,
  Tracer as OtelTracer,
} from "@opentelemetry/api";

import { formatTraceparent, isSampled, parseTraceparent } from "./trace-context.ts";
import type { TraceContext } from "./trace-context.ts";

/** What a span is begun with. */
export interface SpanStart {
  /** The traceparent that this span is a child of; no parent or an unsampled one: a no-op. */
  readonly parent?: string | undefined;
  /**
   * The traceparent that this span itself shall have, instead of a parent: the root span of a run,
   * recorded when its end is known, although its children named it long before.
   */
  readonly self?: string | undefined;
  /** Milliseconds since the epoch; now if left out. */
  readonly startMs?: number | undefined;
  readonly kind?: "internal" | "consumer" | "producer" | "client" | "server";
  /** Traceparents of related spans, such as the run that this one was rerun from. */
  readonly links?: readonly string[];
  readonly attributes?: Attributes;
}

/** A span that's already over. */
export interface SpanRecord extends SpanStart {
  /** Milliseconds since the epoch. */
  readonly startMs: number;
  /** Milliseconds since the epoch. */
  readonly endMs: number;
  /** Marks the span as failed, with this message. */
  readonly failure?: string | undefined;
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
  readonly recordSpan: (name: string, record: SpanRecord) => void;
}

/** Where spans go, and the way to choose the ids of the next one. */
export interface SpanSink {
  readonly tracer: OtelTracer;
  /** Makes the very next span that has no parent take these ids. */
  assignIdentity(identity: TraceContext): void;
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

/** A tracer over a sink; without one it records nothing. */
export function createTracer(sink: SpanSink | undefined): Tracer {
  const records = (traceparent: string | undefined): boolean =>
    sink !== undefined && isSampled(traceparent);

  function startSpan(name: string, start: SpanStart): TraceSpan {
    const place = start.self ?? start.parent;
    if (sink === undefined || !isSampled(place)) return new UnrecordedSpan(place);
    const at = parseTraceparent(place);
    if (at === undefined) return new UnrecordedSpan(undefined);
    if (start.self !== undefined) sink.assignIdentity(at);
    const parent = start.self === undefined ? under(at) : context.active();
    const options = { ...spanOptions(start), root: start.self !== undefined };
    return new RecordedSpan(sink.tracer.startSpan(name, options, parent));
  }

  function recordSpan(name: string, record: SpanRecord): void {
    if (!records(record.self ?? record.parent)) return;
    const span = startSpan(name, record);
    if (record.failure !== undefined) span.fail(record.failure);
    span.end(record.endMs);
  }

  return { records, startSpan, recordSpan };
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

// A bare number would be ambiguous to the SDK: small ones count as offsets of the process's start.
function toHrTime(epochMs: number): HrTime {
  const seconds = Math.floor(epochMs / 1000);
  return [seconds, Math.round((epochMs - seconds * 1000) * 1e6)];
}
