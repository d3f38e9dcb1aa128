/**
 * Sends the spans of runs that were made from the streams.
 *
 * S1: no handoff waits for it: it reads what is stored, and is read by nobody.
 * S2: a started process sends again what was stored lately; ids and bytes are the same, whoever sends them and however often.
 * S3: a receiver that is away, slow or silent costs a bounded number of candidates' names; they are tried again, less and less
 *     often.
 */
import type { Reader } from "@baton/mesh";
import type { FinishedSpan, Log, Meter, SpanSender } from "@baton/telemetry";
import { runSpansOf } from "@baton/views";

import { isThere, readHistory } from "./read-history.ts";
import { createUnsentRuns, type Unsent, type UnsentRuns } from "./unsent-runs.ts";

/** Sends what was noted. */
export interface TraceSender extends Pick<UnsentRuns, "note"> {
  /** Sends all that waits; resolves early if the receiver doesn't take it. */
  advance(signal: AbortSignal): Promise<void>;
}

/** What it works with. */
export interface TraceSenderParts {
  readonly reader: Reader;
  readonly sender: Pick<SpanSender, "send">;
  readonly meter: Meter;
  readonly log: Pick<Log, "warn">;
  /** Milliseconds; a clock of its own for tests. */
  readonly now?: () => number;
}

/** Candidates that may wait. */
const ROOM = 10_000;
/** Spans in one request, at least, if there are so many. */
const BATCH_SPANS = 512;
/** Candidates read for one request. */
const BATCH_CANDIDATES = 64;
/** A history that stays incomplete is sent as it is: a report may be lost for good. */
const MAX_TRIES = 5;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/** Opens a sender that has nothing to send. */
export function openTraceSender(parts: TraceSenderParts): TraceSender {
  const { meter, now = Date.now } = parts;
  const { spans, givenUp } = counters(meter);
  const runs = createUnsentRuns({ room: ROOM, onGivenUp: (candidates) => givenUp.add(candidates) });
  meter
    .createObservableGauge("baton_trace_candidates_waiting", {
      description: "Candidates whose spans this process hasn't sent yet",
    })
    .addCallback((result) => result.observe(runs.waiting));
  let pauseMs = FIRST_PAUSE_MS;
  let notBefore = 0;

  const sendBatch = async (signal: AbortSignal): Promise<boolean> => {
    const { batch, taken, unread } = await readBatch(parts, runs, signal);
    runs.putBack(unread);
    if (batch.length === 0) return taken.length > 0;
    const trouble = await parts.sender.send(batch);
    spans.add(batch.length, { outcome: trouble === undefined ? "sent" : "failed" });
    if (trouble === undefined) {
      pauseMs = FIRST_PAUSE_MS;
      return unread.length === 0;
    }
    runs.putBack(taken);
    notBefore = now() + pauseMs;
    parts.log.warn(
      { spans: batch.length, why: trouble },
      `spans not taken; tried again in ${pauseMs / 1000} s`,
    );
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
    return false;
  };
  return {
    note: (entry) => runs.note(entry),
    advance: async (signal) => {
      while (!signal.aborted && runs.waiting > 0 && now() >= notBefore)
        if (!(await sendBatch(signal))) return;
    },
  };
}

interface Batch {
  readonly batch: readonly FinishedSpan[];
  /** Whose spans they are. */
  readonly taken: readonly Unsent[];
  /** Those whose history isn't there yet. */
  readonly unread: readonly Unsent[];
}

async function readBatch(
  { reader }: TraceSenderParts,
  runs: UnsentRuns,
  signal: AbortSignal,
): Promise<Batch> {
  const batch: FinishedSpan[] = [];
  const taken: Unsent[] = [];
  const unread: Unsent[] = [];
  for (let count = 0; count < BATCH_CANDIDATES && batch.length < BATCH_SPANS; count += 1) {
    const next = runs.take();
    if (!next) break;
    const spans = await spansFor(reader, next, signal);
    if (spans) {
      batch.push(...spans);
      taken.push(next);
    } else unread.push(next);
    if (signal.aborted) break;
  }
  return { batch, taken, unread };
}

/** The spans of all its runs that were completed since; undefined if its history isn't there yet. */
async function spansFor(
  reader: Reader,
  unsent: Unsent,
  signal: AbortSignal,
): Promise<FinishedSpan[] | undefined> {
  const history = await readHistory(reader, unsent.candidateId, signal);
  if (!history || (!isThere(history, unsent) && unsent.tries < MAX_TRIES)) return undefined;
  const runIds = new Set(history.entries.map(({ entry }) => entry.runId));
  return [...runIds]
    .flatMap((runId) => runSpansOf(history, runId))
    .filter(({ since }) => since >= unsent.from);
}

function counters(meter: Meter) {
  const spans = meter.createCounter("baton_trace_spans_total", {
    description: "Spans of runs that the receiver took, or didn't: those are tried again",
  });
  const givenUp = meter.createCounter("baton_trace_candidates_dropped_total", {
    description: "Candidates whose spans were given up, because too many waited for the receiver",
  });
  // A series that appears with its first event has no increase.
  for (const outcome of ["sent", "failed"]) spans.add(0, { outcome });
  givenUp.add(0);
  return { spans, givenUp };
}
