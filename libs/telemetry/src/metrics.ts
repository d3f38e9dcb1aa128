import type { Meter } from "@opentelemetry/api";
import { PrometheusExporter, PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import type { Resource } from "@opentelemetry/resources";
import { MeterProvider } from "@opentelemetry/sdk-metrics";

/** The content type of what `collectPrometheus` returns. */
export const PROMETHEUS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** A meter and the text of everything measured with it. */
export interface Metrics {
  readonly meter: Meter;
  /** All series in Prometheus text format; rejects after `deadlineMs` if an observable hangs. */
  collectPrometheus(): Promise<string>;
  shutdown(): Promise<void>;
}

const COLLECT_DEADLINE_MS = 5000;

/**
 * A meter whose series are collected on request; it opens no port of its own.
 *
 * Scope labels are left out of the text, so that a series carries exactly the labels it was
 * recorded with, as dashboards and alert rules expect. The SDK bounds an instrument at 2000 label
 * sets and sums up the rest under `otel_metric_overflow`.
 */
export function createMetrics(resource: Resource): Metrics {
  const reader = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ resource, readers: [reader] });
  const serializer = new PrometheusSerializer("", false, undefined, false, true);
  return {
    meter: provider.getMeter("baton"),
    async collectPrometheus() {
      const { resourceMetrics, errors } = await reader.collect({
        timeoutMillis: COLLECT_DEADLINE_MS,
      });
      const text = serializer.serialize(resourceMetrics);
      const faults = errors.map((error) => `# error: ${oneLine(String(error))}\n`).join("");
      return `${text.trimEnd()}\n${faults}`;
    },
    shutdown: () => provider.shutdown(),
  };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").slice(0, 200);
}
