/**
 * W3C trace context as plain values.
 *
 * A run's context is made once, at submission, and travels as a string in journal entries and
 * message headers, so nothing here depends on an SDK or on ambient state.
 */

/** A place in a trace: ids in lower-case hex, and whether the trace is being recorded. */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
}

/** The message header and journal key under which a traceparent travels. */
export const TRACEPARENT_HEADER = "traceparent";

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const ZEROS = /^0+$/;
const FLAGS_END = 55;
const SAMPLED_FLAG = 1;

/**
 * Reads a traceparent; undefined for everything the W3C recommendation calls invalid.
 *
 * A version above 00 may carry more fields, which are ignored. Callers treat undefined as "no
 * trace": a broken header must never stop a candidate.
 * Source: https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function parseTraceparent(text: string | undefined): TraceContext | undefined {
  if (text === undefined || text.length < FLAGS_END || text.length > 512) return undefined;
  const [, version, traceId, spanId, flags, more] = TRACEPARENT.exec(text) ?? [];
  if (version === undefined || traceId === undefined || spanId === undefined) return undefined;
  if (version === "ff" || (version === "00" && more !== undefined)) return undefined;
  if (ZEROS.test(traceId) || ZEROS.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags ?? "0", 16) & SAMPLED_FLAG) === 1 };
}

/** Writes a context as a version 00 traceparent. */
export function formatTraceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

/**
 * Makes the context of a new trace.
 *
 * `random` returns that many random bytes (`crypto.randomBytes` fits); ids of zeros only, which the
 * recommendation forbids, are drawn again.
 */
export function newTraceContext({
  sampled,
  random,
}: {
  sampled: boolean;
  random: (byteCount: number) => Uint8Array;
}): TraceContext {
  return { traceId: randomId(16, random), spanId: randomId(8, random), sampled };
}

/**
 * Whether a traceparent asks to be recorded, judged by its flags alone.
 *
 * This runs for every message, so it neither parses nor allocates; a malformed string that passes
 * is caught when the span is started.
 */
export function isSampled(traceparent: string | undefined): traceparent is string {
  if (traceparent === undefined || traceparent.length < FLAGS_END) return false;
  // In ASCII the low bit of a hex digit's value is that of 0-9's code and the opposite of a-f's.
  const code = traceparent.charCodeAt(FLAGS_END - 1);
  return (code < 58 ? code & 1 : ~code & 1) === 1;
}

function randomId(byteCount: number, random: (byteCount: number) => Uint8Array): string {
  for (;;) {
    const id = Buffer.from(random(byteCount)).toString("hex");
    if (!ZEROS.test(id)) return id;
  }
}
