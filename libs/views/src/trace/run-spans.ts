/**
 * The spans of a run for a tracing UI, from what was stored: pure.
 *
 * P1: the same history gives the same spans, ids included, whoever makes them and however often.
 * P2: a span is given only when it is complete, and never changes after that: UIs keep the first one of an id. While a run is
 *     open its root is missing; a `run so far` for each wait stands in for it.
 * P3: those with `baton.segment` are the run's segments: none overlaps, together they are as long as the root.
 */
import type { RunId, StoredReport, TimedEntry } from "@baton/contracts";

import { attemptsBeside } from "./attempt-spans.ts";
import { endingOf } from "./outcome.ts";
import { segmentSpans } from "./segment-spans.ts";
import { type SpanData, SPAN_NAMES, stageSpanName } from "./span-data.ts";
import { commandPlace, frameOf, runAttributes, type RunFrame, spanOf } from "./span-frame.ts";
import { waitSpans, waitsOf } from "./wait-spans.ts";

/** A candidate's history as it is stored. */
export interface History {
  readonly entries: readonly TimedEntry[];
  readonly reports: readonly StoredReport[];
}

/** The spans of one run that are complete; empty if there is no such run. */
export function runSpansOf(history: History, runId: RunId): SpanData[] {
  const frame = frameOf(history, runId);
  if (!frame) return [];
  const visits = visitsOf(frame);
  const parentOf = (sequence: number): string =>
    visits.findLast(({ first }) => first.sequence <= sequence)?.spanId ?? frame.root.spanId;
  return [
    ...rootSpan(frame),
    ...visits.flatMap((visit) => stageSpan(frame, visit)),
    ...frame.segments
      .filter(({ kind }) => kind !== "human")
      .flatMap((one) => segmentSpans(frame, one, parentOf(one.timed.sequence))),
    ...waitsOf(frame).flatMap((wait) => waitSpans(frame, wait, parentOf)),
    ...attemptsBeside(frame, parentOf),
    ...frame.entries.flatMap((timed) => commandSpan(frame, timed, parentOf(timed.sequence))),
  ];
}

function rootSpan(frame: RunFrame): SpanData[] {
  const { root, entries, before, end } = frame;
  if (!end) return [];
  const [first] = entries;
  const { error, result } = endingOf([...entries.slice(1), end]);
  const command = commandPlace(first);
  const span = spanOf(frame, {
    sequence: first.sequence,
    parentId: "",
    name: SPAN_NAMES.run,
    startMs: first.storedAt,
    endMs: end.storedAt,
    since: end.sequence,
    error,
    links: [
      ...(before ? [{ ...placeOf(before), to: "run before" as const }] : []),
      ...(command ? [{ ...command, to: "command" as const }] : []),
    ],
    attributes: {
      ...runAttributes(frame),
      "cicd.pipeline.result": result,
      "baton.reason": end.entry.reason,
    },
  });
  return [{ ...span, ...root, parentId: undefined }];
}

function placeOf({ entry }: TimedEntry): { traceId: string; spanId: string } {
  const [, traceId = "", spanId = ""] = entry.trace.split("-");
  return { traceId, spanId };
}

/** The time that a run was at one stage. */
interface Visit {
  readonly spanId: string;
  readonly first: TimedEntry;
  /** Those after the first, with the one that ended it. */
  readonly after: readonly TimedEntry[];
  readonly end: TimedEntry | undefined;
}

function visitsOf(frame: RunFrame): Visit[] {
  const { entries, end } = frame;
  const starts = entries.flatMap((timed, index) => {
    const isSame = entries[index - 1]?.entry.stage === timed.entry.stage;
    return isSame || timed === end ? [] : [index];
  });
  return starts.flatMap((start, index) => {
    const until = starts[index + 1] ?? entries.length;
    const first = entries[start];
    if (!first) return [];
    const ended = entries[until] ?? end;
    const after = entries.slice(start + 1, until);
    const spanId = spanOf(frame, { ...stageDraft(first), endMs: 0, since: 0 }).spanId;
    return [{ spanId, first, end: ended, after: ended ? [...after, ended] : after }];
  });
}

function stageDraft({ sequence, storedAt, entry }: TimedEntry) {
  const name = stageSpanName(entry.stage);
  return { sequence, what: "stage", parentId: "", name, startMs: storedAt, attributes: {} };
}

function stageSpan(frame: RunFrame, { first, after, end }: Visit): SpanData[] {
  if (!end) return [];
  const { stage } = first.entry;
  const { error, result } = endingOf(after);
  return [
    spanOf(frame, {
      ...stageDraft(first),
      parentId: frame.root.spanId,
      endMs: end.storedAt,
      since: end.sequence,
      error,
      attributes: {
        "cicd.pipeline.task.name": stage,
        "cicd.pipeline.task.run.id": `${frame.runId}/${first.sequence}`,
        "cicd.pipeline.task.run.result": result,
        "baton.stage": stage,
        "baton.reason": end.entry.reason,
      },
    }),
  ];
}

/** A person's command takes no time of the run: when it was decided on is a moment. */
function commandSpan(frame: RunFrame, timed: TimedEntry, parentId: string): SpanData[] {
  const { sequence, storedAt, entry } = timed;
  const { cause } = entry;
  if (cause.kind !== "command") return [];
  return [
    spanOf(frame, {
      sequence,
      parentId,
      name: SPAN_NAMES.command,
      startMs: storedAt,
      endMs: storedAt,
      since: sequence,
      attributes: {
        "baton.command": cause.type,
        "baton.command_id": cause.commandId,
        "baton.by": cause.by,
        "baton.reason": entry.reason,
      },
    }),
  ];
}
