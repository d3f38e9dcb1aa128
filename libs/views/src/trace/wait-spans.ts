/** Waits for people: each is one span, however often its candidate's journal went on meanwhile. */
import type { TimedEntry } from "@baton/contracts";

import { answerText } from "../words/answer-text.ts";
import { errorOf } from "./outcome.ts";
import type { Segment } from "./segments.ts";
import { type SpanAttributes, type SpanData, SPAN_NAMES, waitSpanName } from "./span-data.ts";
import {
  commandPlace,
  known,
  runAttributes,
  type RunFrame,
  segmentAttributes,
  spanOf,
} from "./span-frame.ts";

/** Segments in which people had the time, for one reason, at one stage: one wait. */
export type Wait = readonly [Segment, ...Segment[]];

/** Those that are over, and the one that goes on as far as it is known. */
export function waitsOf(frame: RunFrame): Wait[] {
  const waits: [Segment, ...Segment[]][] = [];
  for (const segment of humanSegments(frame)) {
    const wait = waits.at(-1);
    const before = wait?.at(-1);
    const goesOn =
      before?.next?.sequence === segment.timed.sequence &&
      before.timed.entry.reason === segment.timed.entry.reason &&
      before.timed.entry.stage === segment.timed.entry.stage;
    if (wait && goesOn) wait.push(segment);
    else waits.push([segment]);
  }
  return waits;
}

function humanSegments({ segments, entries, end }: RunFrame): Segment[] {
  const over = segments.filter(({ kind }) => kind === "human");
  const last = entries.at(-1);
  if (end || last?.entry.holder !== "review") return over;
  const { storedAt: startMs } = last;
  const open = { kind: "human", timed: last, next: undefined, answer: undefined } as const;
  const rest = { dispatchedMs: startMs, attempt: 0, lost: 0, open: true };
  return [...over, { ...open, ...rest, startMs, endMs: startMs }];
}

/** What stands in for the run while it waits, and the wait itself once it is over. */
export function waitSpans(
  frame: RunFrame,
  wait: Wait,
  parentOf: (sequence: number) => string,
): SpanData[] {
  const [first] = wait;
  const last = wait.at(-1) ?? first;
  const { entry, sequence } = first.timed;
  const error = errorOf(entry);
  const attributes = {
    ...segmentAttributes(first.timed),
    ...stopAttributes(first.timed),
    "baton.may_answer": entry.review?.answers?.map(answerText),
    "baton.failure_code": entry.failure?.code,
  };
  const standIn = spanOf(frame, {
    sequence,
    parentId: frame.root.spanId,
    name: SPAN_NAMES.soFar,
    startMs: frame.entries[0].storedAt,
    endMs: first.startMs,
    since: sequence,
    error,
    attributes: { ...runAttributes(frame), ...attributes, "cicd.pipeline.run.state": "pending" },
  });
  if (!last.next) return [standIn];
  const span = spanOf(frame, {
    sequence,
    what: "wait",
    parentId: parentOf(sequence),
    name: waitSpanName(entry.reason),
    startMs: first.startMs,
    endMs: last.endMs,
    since: last.next.sequence,
    error,
    links: wait.flatMap(({ next }) => {
      const command = next && commandPlace(next);
      return command ? [{ ...command, to: "command" as const }] : [];
    }),
    attributes: { ...attributes, "baton.segment": "human", ...answeredBy(wait) },
  });
  return [standIn, span];
}

/** The control that stopped it, as far as the entry names one. */
function stopAttributes({ entry }: TimedEntry): SpanAttributes {
  return known({
    "baton.incident_id": entry.incident?.id,
    "baton.controls_sequence": entry.controls,
    "baton.held_by": entry.hold?.by,
  });
}

/** Who ended it, and how. */
function answeredBy(wait: Wait): SpanAttributes {
  const causes = wait.flatMap(({ next }) => (next ? [next.entry.cause] : []));
  const people = causes.flatMap((cause) =>
    cause.kind === "command" || cause.kind === "incident" ? [cause.by] : [],
  );
  const last = causes.at(-1);
  return known({
    "baton.answered_by": people.length > 0 ? people : undefined,
    "baton.answer": last?.kind === "command" ? last.type : last?.kind,
  });
}
