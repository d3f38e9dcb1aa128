/** Wires counting and gauges to the service: readiness, refresh, shutdown. */
import { setTimeout as delay } from "node:timers/promises";

import type { Mesh } from "@baton/mesh";
import type { Check, ServiceContext } from "@baton/service";
import { createOrchestrationMetrics } from "@baton/telemetry";

import type { MetricsConfig } from "./config.ts";
import { type GaugeSources, observeGauges, recordQueueDepth } from "./gauges.ts";
import { openJournalTail } from "./journal-tail.ts";
import { readGivenUp, readLaneBacklogs } from "./mesh-gauges.ts";
import { createOpenCandidates } from "./open-candidates.ts";
import { startReportIntake } from "./report-intake.ts";

/** A consumer that the server keeps alive is heard of every 3 seconds. */
const SILENT_MS = 15_000;
/** So many missed refreshes make the gauges stale. */
const STALE_REFRESHES = 10;

/** Starts counting and refreshing; returns at once, readiness says when the gauges are there. */
export function serveMetrics(service: ServiceContext<MetricsConfig>, mesh: Mesh): void {
  const { config, log, meter, signal } = service;
  const series = createOrchestrationMetrics(meter);
  const candidates = createOpenCandidates();
  const refreshMs = config.BATON_METRICS_REFRESH_MS;
  const tail = openJournalTail({
    mesh,
    candidates,
    most: Math.ceil((config.BATON_METRICS_ENTRIES_PER_SECOND * refreshMs) / 1000),
    onForeign: (sequence) => log.warn({ sequence }, "journal message isn't an entry; not counted"),
  });
  const sources: GaugeSources = {
    candidates,
    tail,
    backlogs: [],
    givenUp: [],
    refreshedMs: Date.now(),
  };
  observeGauges(meter, sources);
  let trouble: string | undefined;
  const refreshing = repeat(refreshMs, signal, async () => {
    try {
      await tail.advance(signal);
      if (tail.caughtUp) recordQueueDepth(series, candidates);
      sources.backlogs = await readLaneBacklogs(mesh.jsm);
      sources.givenUp = await readGivenUp(mesh.jsm);
      sources.refreshedMs = Date.now();
      trouble = undefined;
    } catch (error) {
      trouble = error instanceof Error ? error.message : String(error);
      if (!signal.aborted) log.warn({ err: error }, "gauges not refreshed; tried again");
    }
  });
  service.onShutdown("gauges", () => refreshing);
  const intake = startReportIntake({ mesh, meter, series, log });
  service.onShutdown("report intake", () => intake.stop(config.BATON_SHUTDOWN_GRACE_MS * 0.6));
  service.registerCheck("server", () => answer(mesh.trouble()));
  service.registerCheck("reports", () => answer(silence(intake.silentMs())));
  service.registerCheck(
    "gauges",
    gaugesCheck(sources, refreshMs, () => trouble),
  );
}

function gaugesCheck(
  sources: GaugeSources,
  refreshMs: number,
  trouble: () => string | undefined,
): Check {
  return () => {
    const { tail } = sources;
    if (!tail.caughtUp) {
      const why = trouble();
      const left = `reading the journal, ${tail.behind} entries to go`;
      return { ok: false, reason: why === undefined ? left : `${left}; ${why}` };
    }
    const ageMs = Date.now() - sources.refreshedMs;
    if (ageMs <= Math.max(SILENT_MS, refreshMs * STALE_REFRESHES)) return { ok: true };
    return {
      ok: false,
      reason: `gauges are ${Math.round(ageMs / 1000)} s old: ${trouble() ?? "the refresh hangs"}`,
    };
  };
}

/** Runs `work` again and again, `pauseMs` between two runs, until the signal is aborted. */
async function repeat(
  pauseMs: number,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    await work();
    // Waiting rejects when the signal is aborted: the loop's condition sees to that.
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

function silence(ms: number): string | undefined {
  return ms > SILENT_MS ? `nothing heard of the durable for ${Math.round(ms / 1000)} s` : undefined;
}

function answer(trouble: string | undefined): ReturnType<Check> {
  return trouble === undefined ? { ok: true } : { ok: false, reason: trouble };
}
