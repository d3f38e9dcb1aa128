/**
 * Wires the folds to the service: readiness, refresh, shutdown.
 *
 * M1: what is shown is a fold of JOURNAL and REPORTS from their beginning, and nothing else. So every replica shows the same
 *     numbers (but for the moment of its reading), and a process that starts again goes on where it was: over replicas take
 *     `max`, never `sum`.
 * M2: nothing is shown before the streams have been read once: a counter that is half read would look like a reset.
 */
import { setTimeout as delay } from "node:timers/promises";

import type { Mesh } from "@baton/mesh";
import type { Check, ServiceContext } from "@baton/service";
import { createOrchestrationMetrics, type OrchestrationMetrics } from "@baton/telemetry";

import type { MetricsConfig } from "./config.ts";
import { countReport } from "./count-report.ts";
import { type GaugeSources, observeGauges, recordQueueDepth } from "./gauges.ts";
import { readGivenUp, readLaneBacklogs } from "./mesh-gauges.ts";
import { createOpenCandidates, type OpenCandidates } from "./open-candidates.ts";
import { readStanding } from "./read-standing.ts";
import { openStreamTail, type StreamTail } from "./stream-tail.ts";

const STALE_MS = 15_000;
/** So many missed refreshes make the series stale. */
const STALE_REFRESHES = 10;

/** Starts refreshing; returns at once, readiness says when the series are there. */
export function serveMetrics(service: ServiceContext<MetricsConfig>, mesh: Mesh): void {
  const { config, log, meter, signal } = service;
  const series = createOrchestrationMetrics(meter);
  const candidates = createOpenCandidates();
  const refreshMs = config.BATON_METRICS_REFRESH_MS;
  const tails = openTails({ service, mesh, series, candidates });
  const sources: GaugeSources = {
    candidates,
    tails,
    backlogs: [],
    givenUp: [],
    refreshedMs: Date.now(),
  };
  observeGauges(meter, sources);
  service.withholdMetrics(() => unread(tails));
  let trouble: string | undefined;
  const refreshing = repeat(refreshMs, signal, async () => {
    try {
      for (const tail of tails) await tail.advance(signal);
      recordQueueDepth(series, candidates);
      sources.backlogs = await readLaneBacklogs(mesh.jsm);
      sources.givenUp = await readGivenUp(mesh.jsm);
      sources.refreshedMs = Date.now();
      trouble = undefined;
    } catch (error) {
      trouble = error instanceof Error ? error.message : String(error);
      if (!signal.aborted) log.warn({ err: error }, "series not refreshed; tried again");
    }
  });
  service.onShutdown("series", () => refreshing);
  service.registerCheck("server", () => answer(mesh.trouble()));
  service.registerCheck(
    "series",
    seriesCheck(
      sources,
      { staleMs: Math.max(STALE_MS, refreshMs * STALE_REFRESHES), tails },
      () => trouble,
    ),
  );
}

/** The journal says where the candidates stand, the reports how the work went. */
function openTails(parts: {
  readonly service: ServiceContext<MetricsConfig>;
  readonly mesh: Mesh;
  readonly series: OrchestrationMetrics;
  readonly candidates: OpenCandidates;
}): StreamTail[] {
  const { mesh, series, candidates } = parts;
  const { config, log } = parts.service;
  const perRefresh =
    (config.BATON_METRICS_MESSAGES_PER_SECOND * config.BATON_METRICS_REFRESH_MS) / 1000;
  const most = Math.ceil(perRefresh);
  return [
    openStreamTail({
      mesh,
      stream: "journal",
      most,
      fold: (message) => {
        const standing = readStanding(message);
        if (standing) candidates.note(standing.candidateId, standing);
        else log.warn({ sequence: message.seq }, "journal message isn't an entry; not counted");
      },
      onRestart: () => candidates.clear(),
    }),
    openStreamTail({
      mesh,
      stream: "reports",
      most,
      fold: ({ seq: sequence, subject, data }) => {
        const why = countReport(series, data);
        if (why === undefined) return;
        log.warn({ sequence, subject: subject.slice(0, 200), why }, "not a report; not counted");
      },
      // Counters don't go back.
      onRestart: () => undefined,
    }),
  ];
}

/** M2. */
function unread(tails: readonly StreamTail[]): string | undefined {
  const reading = tails.filter(({ caughtUp }) => !caughtUp);
  if (reading.length === 0) return undefined;
  return reading
    .map(({ stream, behind }) => `reading ${stream}, ${behind} messages to go`)
    .join("; ");
}

function seriesCheck(
  sources: GaugeSources,
  { staleMs, tails }: { staleMs: number; tails: readonly StreamTail[] },
  trouble: () => string | undefined,
): Check {
  return () => {
    const left = unread(tails);
    const ageMs = Date.now() - sources.refreshedMs;
    if (left === undefined && ageMs <= staleMs) return { ok: true };
    const what = left ?? `the series are ${Math.round(ageMs / 1000)} s old`;
    const why = trouble() ?? (left === undefined ? "the refresh hangs" : undefined);
    return { ok: false, reason: why === undefined ? what : `${what}: ${why}` };
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

function answer(trouble: string | undefined): ReturnType<Check> {
  return trouble === undefined ? { ok: true } : { ok: false, reason: trouble };
}
