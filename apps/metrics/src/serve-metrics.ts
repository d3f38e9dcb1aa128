import { setTimeout as delay } from "node:timers/promises";

import { STREAMS } from "@baton/contracts";
import { work } from "@baton/folds";
import { foldJournal, LogReset, type Mesh, type Progress } from "@baton/mesh";
import { type Check, EXIT, type ServiceContext, StartFailure } from "@baton/service";
import { createOrchestrationMetrics, type OrchestrationMetrics } from "@baton/telemetry";
/**
 * Wires the folds to the service: readiness, refresh, shutdown.
 *
 * M1: what is shown is a fold of JOURNAL from its beginning, and of the REPORTS that it took, and nothing else. So every replica shows the same
 *     numbers (but for the moment of its reading), and a process that starts again goes on where it was: over replicas take
 *     `max`, never `sum`.
 * M2: nothing is shown before the streams have been read once, and what was written meanwhile too: a counter that is half read
 *     would look like a reset. A stream that is made anew ends the process, so that the next one begins with it.
 */
import { counted } from "@baton/text/counted";

import type { MetricsConfig } from "./config.ts";
import { countReport } from "./count-report.ts";
import { type GaugeSources, observeGauges, recordQueueDepth } from "./gauges.ts";
import { readGivenUp, readLaneBacklogs } from "./mesh-gauges.ts";
import { startScrub } from "./scrub-store.ts";
import { openTakenReports } from "./taken-reports.ts";
import type { Traces } from "./traces/serve-traces.ts";

const STALE_MS = 15_000;
/** Between two rounds of reading the streams for the first time; a replica may lag. */
const FIRST_READ_PAUSE_MS = 50;
/** So many missed refreshes make the series stale. */
const STALE_REFRESHES = 10;

/** Starts refreshing; returns at once, readiness says when the series are there. */
export function serveMetrics(
  service: ServiceContext<MetricsConfig>,
  mesh: Mesh,
  traces: Traces | undefined,
): void {
  const { config, log, meter, signal } = service;
  const series = createOrchestrationMetrics(meter);
  const refreshMs = config.BATON_METRICS_REFRESH_MS;
  const { tails, places, advance } = openTails({ service, mesh, series, traces });
  const sources: GaugeSources = {
    places,
    tails,
    backlogs: [],
    givenUp: [],
    refreshedMs: Date.now(),
  };
  observeGauges(meter, sources);
  let isComplete = false;
  const unread = (): string | undefined => (isComplete ? undefined : leftToRead(tails));
  service.withholdMetrics(unread);
  let trouble: string | undefined;
  const pauseMs = (): number =>
    isComplete || trouble !== undefined ? refreshMs : Math.min(refreshMs, FIRST_READ_PAUSE_MS);
  const refreshing = repeat(pauseMs, signal, async () => {
    try {
      // Reading all of one stream takes a while, in which the other grows: a round that begins when both were read is short.
      const wereRead = tails.every(({ caughtUp }) => caughtUp);
      await advance(signal);
      isComplete ||= wereRead;
      recordQueueDepth(series, places());
      sources.backlogs = await readLaneBacklogs(mesh.jsm);
      sources.givenUp = await readGivenUp(mesh.jsm);
      sources.refreshedMs = Date.now();
      trouble = undefined;
    } catch (error) {
      if (error instanceof LogReset) return service.fail(madeAnew(STREAMS.journal.name));
      trouble = error instanceof Error ? error.message : String(error);
      if (!signal.aborted) log.warn({ err: error }, "series not refreshed; tried again");
    }
  });
  service.onShutdown("series", () => refreshing);
  startScrub(service, mesh);
  service.registerCheck("server", () => answer(mesh.trouble()));
  const staleMs = Math.max(STALE_MS, refreshMs * STALE_REFRESHES);
  service.registerCheck("series", () => {
    const left = unread();
    const ageMs = Date.now() - sources.refreshedMs;
    if (left === undefined && ageMs <= staleMs) return { ok: true };
    const what = left ?? `the series are ${Math.round(ageMs / 1000)} s old`;
    const why = trouble ?? (left === undefined ? "the refresh hangs" : undefined);
    return { ok: false, reason: why === undefined ? what : `${what}: ${why}` };
  });
}

/** The journal says where the candidates stand and which reports count, the reports how the work went. */
function openTails({
  service,
  mesh,
  series,
  traces,
}: {
  readonly service: ServiceContext<MetricsConfig>;
  readonly mesh: Mesh;
  readonly series: OrchestrationMetrics;
  readonly traces: Traces | undefined;
}) {
  const { log, config } = service;
  const journal = foldJournal(mesh, work, {
    perSecond: config.BATON_METRICS_MESSAGES_PER_SECOND,
    onUnreadable: (sequence) =>
      log.warn({ sequence }, "journal message isn't an entry; not counted"),
    onFolded: ({ entry }, message) => {
      if (entry) traces?.note(entry, message);
    },
  });
  const reports = openTakenReports({
    mesh,
    taken: () => journal.state.taken,
    count: (taken, message) => {
      const why = countReport(series, taken, message);
      const { seq: sequence } = message;
      if (why !== undefined) log.warn({ sequence, why }, "not the report that the journal took");
    },
    onLost: ({ sequence, candidateId, stage }) =>
      log.warn({ sequence, candidateId, stage }, "REPORTS lacks a report that the journal took"),
    onAnew: () => service.fail(madeAnew(STREAMS.reports.name)),
  });
  return {
    tails: [journal, reports] satisfies readonly Progress[],
    places: () => journal.state.places.values(),
    advance: async (signal: AbortSignal): Promise<void> => {
      // In this order: what the journal took can be read.
      await journal.advance(signal);
      await reports.advance(signal);
    },
  };
}

/** Folding another stream on top would count everything twice. */
function madeAnew(stream: string): StartFailure {
  return new StartFailure({
    code: "E_UNAVAILABLE",
    exitCode: EXIT.unavailable,
    message: `${stream} was made anew since this process began to read it`,
    action:
      "Start it again, if nothing does that by itself: it then shows what the stream has now.",
  });
}

/** M2, in words. */
function leftToRead(tails: readonly Progress[]): string {
  const reading = tails.filter(({ caughtUp }) => !caughtUp);
  if (reading.length === 0) return "reading what was written meanwhile";
  return reading
    .map(({ stream, behind }) =>
      behind === undefined
        ? `${stream} isn't read yet`
        : `reading ${stream}, ${counted(behind, "message")} to go`,
    )
    .join("; ");
}

/** Runs `round` again and again, `pauseMs()` between two runs, until the signal is aborted. */
async function repeat(
  pauseMs: () => number,
  signal: AbortSignal,
  round: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    await round();
    // Waiting rejects when the signal is aborted: the loop's condition sees to that.
    await delay(pauseMs(), undefined, { signal }).catch(() => undefined);
  }
}

function answer(trouble: string | undefined): ReturnType<Check> {
  return trouble === undefined ? { ok: true } : { ok: false, reason: trouble };
}
