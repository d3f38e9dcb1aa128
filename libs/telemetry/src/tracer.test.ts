import { expect, test } from "vitest";

import { startCollector } from "./collector.test.fixture.ts";
import type { Collector } from "./collector.test.fixture.ts";
import { startTelemetry } from "./start-telemetry.ts";
import type { Telemetry } from "./start-telemetry.ts";
import { formatTraceparent, parseTraceparent } from "./trace-context.ts";
import { createTracer } from "./tracer.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";
const SAMPLED = `00-${TRACE}-${SPAN}-01`;
const UNSAMPLED = `00-${TRACE}-${SPAN}-00`;

function hexOf(text: string): string {
  return Buffer.from(text).toString("hex");
}

/** Times travel as 64-bit little-endian nanoseconds. */
function hexOfTime(ms: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(Math.round(ms * 1000)) * 1000n);
  return bytes.toString("hex");
}

async function exported(use: (telemetry: Telemetry) => void): Promise<Collector["received"]> {
  const collector = await startCollector();
  const env = {
    BATON_LOG_LEVEL: "silent",
    OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`,
  } as const;
  const telemetry = await startTelemetry({ service: "sample", env });
  use(telemetry);
  await telemetry[Symbol.asyncDispose]();
  return collector.received;
}

test("a span goes out with its explicit parent, times, link and attributes", async () => {
  const startMs = Date.UTC(2026, 0, 2) + 0.25;
  const endMs = startMs + 3_600_000;
  const other = `00-${"ab".repeat(16)}-${"cd".repeat(8)}-01`;
  let child: string | undefined;
  const received = await exported(({ tracer }) => {
    const span = tracer.startSpan("candidate-build", {
      parent: SAMPLED,
      startMs,
      kind: "consumer",
      links: [other, "nonsense"],
      attributes: { "baton.stage": "candidate-build" },
    });
    span.fail("agent timed out");
    span.end(endMs);
    child = span.traceparent;
  });
  expect(received.map(({ path }) => path)).toEqual(["/v1/traces"]);
  const hex = received[0]?.hex;
  expect(parseTraceparent(child)).toMatchObject({ traceId: TRACE, sampled: true });
  for (const part of [
    TRACE,
    SPAN,
    parseTraceparent(child)?.spanId ?? "no child",
    "ab".repeat(16),
    hexOfTime(startMs),
    hexOfTime(endMs),
    hexOf("candidate-build"),
    hexOf("baton.stage"),
    hexOf("agent timed out"),
    hexOf("sample"),
  ]) {
    expect(hex).toContain(part);
  }
});

test("an unsampled or broken parent costs no span and sends nothing, but stays the parent", async () => {
  const received = await exported(({ tracer }) => {
    const span = tracer.startSpan("stage", { parent: UNSAMPLED });
    span.setAttributes({ a: 1 });
    span.end();
    expect(span).toMatchObject({ recording: false, traceparent: UNSAMPLED });
    expect(tracer.startSpan("stage", {})).toMatchObject({ traceparent: undefined });
    expect(tracer.startSpan("stage", { parent: `${SAMPLED}!` }).recording).toBe(false);
    expect(tracer.records(UNSAMPLED)).toBe(false);
  });
  expect(received).toEqual([]);
});

test("without an exporter even a sampled parent costs no span, and the trace isn't cut", () => {
  const tracer = createTracer(undefined);
  expect(tracer.records(SAMPLED)).toBe(false);
  expect(tracer.startSpan("stage", { parent: SAMPLED })).toMatchObject({
    recording: false,
    traceparent: SAMPLED,
  });
});

test("new runs are sampled up to the configured rate", async () => {
  const env = { BATON_LOG_LEVEL: "silent", BATON_TRACES_PER_SECOND: 2 } as const;
  await using telemetry = await startTelemetry({ service: "sample", env });
  const contexts = Array.from({ length: 50 }, () => parseTraceparent(telemetry.newTraceparent()));
  expect(contexts.slice(0, 2)).toMatchObject([{ sampled: true }, { sampled: true }]);
  expect(contexts.at(-1)).toMatchObject({ sampled: false });
  const distinct = new Set(contexts.map((context) => context && formatTraceparent(context)));
  expect(distinct.size).toBe(50);
});
