/** One run with all that its spans are made from. */
import {
  awaitedDispatch,
  journalSubject,
  type Entry,
  type RunId,
  type StoredReport,
  type TimedEntry,
} from "@baton/contracts";
import { spanIdOf } from "@baton/playbook";

import { inOrder, type Segment, segmentsOf } from "./segments.ts";
import { type SpanAttributes, type SpanData, type SpanPlace, SPAN_NAMES } from "./span-data.ts";

/** A run, as far as it is stored. */
export interface RunFrame {
  readonly runId: RunId;
  readonly root: SpanPlace;
  readonly entries: readonly [TimedEntry, ...TimedEntry[]];
  /** The last entry of the run before. */
  readonly before: TimedEntry | undefined;
  /** What ended it: its closing entry, or the first one of the next run; undefined while it is open. */
  readonly end: TimedEntry | undefined;
  /** Those that are over. */
  readonly segments: readonly Segment[];
  /** Those stored before its end. */
  readonly reports: readonly StoredReport[];
}

/** Id of its run's trace. */
export function traceIdOf({ trace }: Pick<Entry, "trace">): string {
  return trace.split("-")[1] ?? "";
}

/** The frame of a run of a candidate; undefined if it has no such run. */
export function frameOf(
  history: { readonly entries: readonly TimedEntry[]; readonly reports: readonly StoredReport[] },
  runId: RunId,
): RunFrame | undefined {
  const all = inOrder(history.entries);
  const [first, ...rest] = all.filter(({ entry }) => entry.runId === runId);
  if (!first) return undefined;
  const last = rest.at(-1) ?? first;
  const at = all.indexOf(first);
  const isClosed = last.entry.holder === "closed";
  // People may open an incident about a closed one: its next run begins when they do.
  const next = isClosed ? undefined : all[all.indexOf(last) + 1];
  const end = isClosed ? last : next;
  const reports = history.reports.filter(
    ({ report, storedAt }) => report.runId === runId && (!end || storedAt <= end.storedAt),
  );
  const [, traceId = "", spanId = ""] = first.entry.trace.split("-");
  const segments = segmentsOf([first, ...rest, ...(next ? [next] : [])], reports, { now: 0 });
  return {
    runId,
    root: { traceId, spanId },
    entries: [first, ...rest],
    before: all[at - 1],
    end,
    segments: segments.filter(({ open, timed }) => !open && timed.entry.runId === runId),
    reports,
  };
}

/** What a span of the run is begun with. */
export interface SpanDraft {
  /** Makes its id, together with `what`; the name if that is left out. */
  readonly sequence: number;
  readonly what?: string;
  readonly parentId: string;
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly since: number;
  readonly kind?: SpanData["kind"];
  readonly service?: string;
  readonly error?: string | undefined;
  readonly links?: SpanData["links"];
  readonly attributes: Readonly<Record<string, SpanAttributes[string] | undefined>>;
}

/** A span of the run: one from a draft, which never ends before it starts. */
export function spanOf(frame: RunFrame, draft: SpanDraft): SpanData {
  const { sequence, what, attributes, startMs, endMs, error, ...given } = draft;
  const { candidateId } = frame.entries[0].entry;
  const said = {
    "baton.candidate_id": candidateId,
    "baton.run_id": frame.runId,
    "error.type": error,
    ...attributes,
  };
  return {
    kind: "internal",
    service: "baton",
    links: [],
    ...given,
    traceId: frame.root.traceId,
    spanId: spanIdOf(frame.runId, sequence, what ?? given.name),
    startMs,
    endMs: Math.max(startMs, endMs),
    error,
    attributes: known(said),
  };
}

/** Without those that have no value. */
export function known(
  attributes: Readonly<Record<string, SpanAttributes[string] | undefined>>,
): SpanAttributes {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, value]],
    ),
  );
}

const TEMPLATES = {
  journal: "baton.journal.{holder}.{candidate}.{stage}.{run}",
  report: "baton.report.{lane}.{candidate}.{stage}.{run}.{part}",
} as const;

/** Attributes of what is done with a message, by the conventions for messaging. */
export function messaging(
  of: { readonly stream: keyof typeof TEMPLATES; readonly sequence: number; readonly runId: RunId },
  how: { readonly type: "send" | "process"; readonly name: "publish" | "process" },
  more: { readonly destination?: string; readonly group?: string },
): Readonly<Record<string, SpanAttributes[string] | undefined>> {
  return {
    "messaging.system.name": "nats",
    "messaging.operation.type": how.type,
    "messaging.operation.name": how.name,
    "messaging.destination.template": TEMPLATES[of.stream],
    "messaging.destination.name": more.destination,
    "messaging.consumer.group.name": more.group,
    "messaging.message.id": String(of.sequence),
    "messaging.message.conversation_id": of.runId,
  };
}

/** Subject of an entry. */
export function subjectOf(entry: Entry): string {
  return journalSubject(entry);
}

/** Sequence of the dispatch that this entry is, or waits for; its own where it waits for none. */
export function dispatchOf(timed: TimedEntry): number {
  return awaitedDispatch(timed) ?? timed.sequence;
}

/** Where the command is that an entry came from; undefined if none did. */
export function commandPlace({ sequence, entry }: TimedEntry): SpanPlace | undefined {
  if (entry.cause.kind !== "command") return undefined;
  const spanId = spanIdOf(entry.runId, sequence, SPAN_NAMES.command);
  return { traceId: traceIdOf(entry), spanId };
}

/** What is said of the run as a whole. */
export function runAttributes({ entries, runId }: RunFrame): SpanAttributes {
  const { iteration, playbook, author } = entries[0].entry;
  return {
    "cicd.pipeline.name": "baton",
    "cicd.pipeline.run.id": runId,
    "baton.iteration": iteration,
    "baton.playbook": playbook,
    "baton.author": author,
  };
}

/** What is said of what follows an entry. */
export function segmentAttributes({ entry, sequence }: TimedEntry): SpanAttributes {
  return {
    "baton.stage": entry.stage,
    "baton.reason": entry.reason,
    "baton.journal_sequence": sequence,
  };
}
