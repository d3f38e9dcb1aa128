/** The run's segments but the waits for people. */
import { instantMs } from "@baton/playbook";

import { attemptSpan, isWhole, lostAttempts } from "./attempt-spans.ts";
import { clamp, type Segment } from "./segments.ts";
import { type SpanData, SPAN_NAMES } from "./span-data.ts";
import { messaging, type RunFrame, segmentAttributes, spanOf, subjectOf } from "./span-frame.ts";

/** The span of a segment, with what belongs into it. */
export function segmentSpans(frame: RunFrame, segment: Segment, parentId: string): SpanData[] {
  const { kind, timed, next, answer, startMs, endMs, attempt, lost } = segment;
  const { holder } = timed.entry;
  const place = { parentId, startMs, endMs, since: next?.sequence ?? 0 };
  if (answer && isWhole(segment))
    return [attemptSpan(frame, answer, { ...place, segment: "lane" })];
  if (kind === "coordinator") return decideSpans(frame, segment, parentId);
  const name = kind === "lane" ? SPAN_NAMES.work : SPAN_NAMES[kind === "queue" ? "queue" : "retry"];
  const span = spanOf(frame, {
    ...place,
    sequence: timed.sequence,
    name,
    service: holder,
    attributes: {
      ...segmentAttributes(timed),
      "baton.segment": kind,
      "baton.lane": holder,
      "baton.attempt": attempt,
      "baton.deliveries_lost": lost > 0 ? lost : undefined,
      "baton.failure_code": timed.entry.failure?.code,
    },
  });
  return [span, ...lostAttempts(frame, segment, span.spanId)];
}

/**
 * The coordinator's part: until it decided, with what it verified before, and until the answer was stored. When it decided is said
 * by its own clock, so this is kept between the two.
 */
function decideSpans(frame: RunFrame, segment: Segment, parentId: string): SpanData[] {
  const { kind, timed, next, answer, startMs, endMs } = segment;
  if (!next || !answer) return [];
  const { runId } = frame;
  const since = next.sequence;
  const { lane } = answer.report;
  const decidedMs = clamp(instantMs(next.entry.time), startMs, endMs);
  const common = { sequence: timed.sequence, since, service: "coordinator" };
  const decide = spanOf(frame, {
    ...common,
    parentId,
    name: SPAN_NAMES.decide,
    startMs,
    endMs,
    attributes: {
      ...segmentAttributes(timed),
      "baton.segment": kind,
      "baton.decided": next.entry.reason,
    },
  });
  const verify = spanOf(frame, {
    ...common,
    parentId: decide.spanId,
    name: SPAN_NAMES.verify,
    kind: "consumer",
    startMs,
    endMs: decidedMs,
    attributes: {
      ...messaging(
        { stream: "report", sequence: answer.sequence, runId },
        { type: "process", name: "process" },
        {},
      ),
      "baton.lane": lane,
    },
  });
  const append = spanOf(frame, {
    ...common,
    parentId: decide.spanId,
    name: SPAN_NAMES.append,
    kind: "producer",
    startMs: decidedMs,
    endMs,
    attributes: messaging(
      { stream: "journal", sequence: next.sequence, runId: next.entry.runId },
      { type: "send", name: "publish" },
      { destination: subjectOf(next.entry) },
    ),
  });
  return [decide, verify, append];
}
