/** Attempts: those that were a stretch of the run's time, and those beside it. */
import type { Report, StoredReport } from "@baton/contracts";
import { attemptSpanIdOf } from "@baton/playbook";

import { attemptEnding, failureCodeOf, verdictOf } from "./outcome.ts";
import { clamp, clockOf, type Segment } from "./segments.ts";
import { type SpanData, SPAN_NAMES } from "./span-data.ts";
import { dispatchOf, messaging, type RunFrame, spanOf, subjectOf } from "./span-frame.ts";

/**
 * True if the lane's part of the time is one whole attempt: from its start to its report. It isn't where the attempt had begun
 * before the last entry, or goes on after it was told that it waits.
 */
export function isWhole({ kind, answer, attempt, timed, dispatchedMs }: Segment): boolean {
  if (kind !== "lane" || !answer) return false;
  if (saysItWaits(answer.report)) return false;
  if (answer.report.answers === timed.sequence) return true;
  return attempt > timed.entry.attempt && clockOf(answer, dispatchedMs).startedMs >= timed.storedAt;
}

/** True if the attempt isn't over, but waits for what is away. */
function saysItWaits(report: Report): boolean {
  return report.type === "attempt" && report.waits === true;
}

/** The span of an attempt that its lane reported; its id is the one that the lane computed when it began. */
export function attemptSpan(
  frame: RunFrame,
  stored: StoredReport,
  place: {
    readonly parentId: string;
    readonly startMs: number;
    readonly endMs: number;
    readonly since: number;
    readonly segment?: string;
  },
): SpanData {
  const { report } = stored;
  const { answers, attempt, lane, stage } = report;
  const { error, result } = attemptEnding(report);
  const { segment, ...given } = place;
  const dispatch = frame.entries.find(({ sequence }) => sequence === answers);
  const span = spanOf(frame, {
    ...given,
    sequence: answers,
    name: SPAN_NAMES.attempt,
    kind: "consumer",
    service: lane,
    error,
    links: firstDelivery(frame, answers, attempt),
    attributes: {
      ...messaging(
        { stream: "journal", sequence: answers, runId: frame.runId },
        { type: "process", name: "process" },
        { group: lane, ...(dispatch && { destination: subjectOf(dispatch.entry) }) },
      ),
      "cicd.pipeline.task.name": stage,
      "cicd.pipeline.task.run.result": result,
      "baton.stage": stage,
      "baton.lane": lane,
      "baton.segment": segment,
      "baton.attempt": attempt,
      "baton.verdict": verdictOf(report),
      "baton.failure_code": failureCodeOf(report),
      "baton.clock_skew_ms": skewOf(stored, dispatch?.storedAt),
      "gen_ai.agent.name": report.work?.agent,
      "gen_ai.agent.version": report.work?.version,
      "gen_ai.request.model": report.work?.model,
      "gen_ai.conversation.id": report.work?.session,
      "baton.work.ended": report.work?.ended,
      "baton.work.tokens": report.work?.spent?.tokens,
      "baton.work.micros": report.work?.spent?.micros,
      "baton.work.calls": report.work?.spent?.calls,
    },
  });
  return { ...span, spanId: attemptSpanIdOf(frame.runId, answers, attempt) };
}

function skewOf(stored: StoredReport, dispatchedMs: number | undefined): number | undefined {
  const { skewMs } = clockOf(stored, dispatchedMs ?? Number.NEGATIVE_INFINITY);
  return skewMs === 0 ? undefined : Math.round(skewMs);
}

function firstDelivery(frame: RunFrame, dispatch: number, attempt: number): SpanData["links"] {
  if (attempt <= 1) return [];
  const spanId = attemptSpanIdOf(frame.runId, dispatch, 1);
  return [{ traceId: frame.root.traceId, spanId, to: "first delivery" }];
}

/** Deliveries that nobody answered: when each began and ended isn't stored, so each has all of the time that they had. */
export function lostAttempts(frame: RunFrame, segment: Segment, parentId: string): SpanData[] {
  const { lost, answer, startMs, endMs, next, attempt } = segment;
  if (lost === 0 || !answer) return [];
  const { answers, lane } = answer.report;
  return Array.from({ length: lost }, (_, index) =>
    unanswered(frame, {
      dispatch: answers,
      attempt: attempt - lost + index,
      lane,
      parentId,
      startMs,
      endMs,
      since: next?.sequence ?? 0,
    }),
  );
}

interface Unanswered {
  readonly dispatch: number;
  readonly attempt: number;
  readonly lane: string;
  readonly parentId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly since: number;
  /** Somebody took the stage away from it. */
  readonly takenAway?: boolean;
}

function unanswered(frame: RunFrame, of: Unanswered): SpanData {
  const { dispatch, attempt, lane, takenAway = false, ...given } = of;
  const span = spanOf(frame, {
    ...given,
    sequence: dispatch,
    name: SPAN_NAMES.attempt,
    kind: "consumer",
    service: lane,
    error: takenAway ? undefined : "unanswered",
    links: firstDelivery(frame, dispatch, attempt),
    attributes: {
      ...messaging(
        { stream: "journal", sequence: dispatch, runId: frame.runId },
        { type: "process", name: "process" },
        { group: lane },
      ),
      "cicd.pipeline.task.run.result": takenAway ? "cancellation" : "error",
      "baton.lane": lane,
      "baton.attempt": attempt,
    },
  });
  return { ...span, spanId: attemptSpanIdOf(frame.runId, dispatch, attempt) };
}

/**
 * Attempts beside the segments, in the stage span of their dispatch: reported ones that overlapped with a hold, an outage or a
 * later entry, and those that were never reported. Of the last it is known only at the run's end.
 */
export function attemptsBeside(
  frame: RunFrame,
  parentOf: (dispatch: number) => string,
): SpanData[] {
  const shown = new Set<string>();
  const key = (dispatch: number, attempt: number): string => `${dispatch}.${attempt}`;
  for (const one of frame.segments) {
    if (isWhole(one) && one.answer) shown.add(key(one.answer.report.answers, one.attempt));
    const dispatch = one.answer?.report.answers ?? 0;
    for (let n = 1; n <= one.lost; n += 1) shown.add(key(dispatch, one.attempt - n));
  }
  const spans: SpanData[] = [];
  const causes = new Map(
    [...frame.entries, ...(frame.end ? [frame.end] : [])].flatMap(({ sequence, entry }) =>
      entry.cause.kind === "report" ? [[entry.cause.sequence, sequence] as const] : [],
    ),
  );
  // Of what is told of an attempt the first counts that is its end; that it waits is told of before.
  const saysEnd = frame.reports.filter(({ report }) => !saysItWaits(report));
  const saysWait = frame.reports.filter(({ report }) => saysItWaits(report));
  for (const stored of [...saysEnd, ...saysWait]) {
    const { answers, attempt } = stored.report;
    const since =
      (!saysItWaits(stored.report) ? causes.get(stored.sequence) : undefined) ??
      frame.end?.sequence;
    if (since === undefined || shown.has(key(answers, attempt))) continue;
    const dispatch = frame.entries.find(({ sequence }) => sequence === answers);
    if (!dispatch) continue;
    shown.add(key(answers, attempt));
    const startMs = clamp(
      clockOf(stored, dispatch.storedAt).startedMs,
      dispatch.storedAt,
      Math.max(dispatch.storedAt, stored.storedAt),
    );
    const endMs = stored.storedAt;
    spans.push(attemptSpan(frame, stored, { parentId: parentOf(answers), startMs, endMs, since }));
  }
  return [...spans, ...neverReported(frame, { parentOf, shown, key })];
}

/** What people or the mesh's controls do to a run; anything else is an attempt's own failure. */
const TAKES_AWAY: ReadonlySet<string> = new Set(["command", "incident", "lifted"]);

function neverReported(
  frame: RunFrame,
  known: {
    readonly parentOf: (dispatch: number) => string;
    readonly shown: Set<string>;
    readonly key: (dispatch: number, attempt: number) => string;
  },
): SpanData[] {
  const { end } = frame;
  if (!end) return [];
  return frame.segments.flatMap(({ kind, answer, timed, next, attempt, startMs, endMs }) => {
    const dispatch = dispatchOf(timed);
    const one = known.key(dispatch, attempt);
    if (kind !== "lane" || answer || known.shown.has(one)) return [];
    known.shown.add(one);
    const { holder: lane } = timed.entry;
    const parentId = known.parentOf(dispatch);
    const since = end.sequence;
    const takenAway = TAKES_AWAY.has(next?.entry.cause.kind ?? "");
    const place = { parentId, startMs, endMs, since };
    return [unanswered(frame, { ...place, dispatch, attempt, lane, takenAway })];
  });
}
