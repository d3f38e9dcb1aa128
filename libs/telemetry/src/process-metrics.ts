import { performance } from "node:perf_hooks";

import type { Meter } from "@opentelemetry/api";

/** Observes the process itself under the customary Prometheus names; costs nothing between scrapes. */
export function observeProcess(meter: Meter): void {
  meter
    .createObservableGauge("process_resident_memory_bytes", {
      description: "Resident memory, in bytes",
    })
    .addCallback((result) => result.observe(process.memoryUsage.rss()));
  meter
    .createObservableCounter("process_cpu_seconds_total", {
      description: "Processor time used, user and system, in seconds",
    })
    .addCallback((result) => {
      const { user, system } = process.cpuUsage();
      result.observe((user + system) / 1e6);
    });
  meter
    .createObservableGauge("process_start_time_seconds", {
      description: "When the process started, in seconds since the epoch",
    })
    .addCallback((result) => result.observe(performance.timeOrigin / 1000));
  let before = performance.eventLoopUtilization();
  meter
    .createObservableGauge("nodejs_eventloop_utilization", {
      description:
        "Share of the time since the last scrape in which the event loop was busy, 0 to 1",
    })
    .addCallback((result) => {
      const now = performance.eventLoopUtilization();
      result.observe(performance.eventLoopUtilization(now, before).utilization);
      before = now;
    });
}
