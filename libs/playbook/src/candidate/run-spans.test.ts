/**
 * The spans of random stories, over clocks that are off: the server's by seconds from entry to entry, a lane's by an hour.
 * To replay a failure, put the seed and path it prints into `RUNS`.
 */
import type { StoredReport, TimedEntry } from "@baton/contracts";
import { runSpansOf, type SpanData } from "@baton/views";
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { instantMs, shiftInstant } from "../instant.ts";
import { PLAYBOOKS, stories } from "../testing/random-stories.ts";
import { playOut, Play } from "../testing/steps.ts";
import { begun, loaded, type Story } from "../testing/story.ts";

const RUNS = { seed: 20_261_129, numRuns: 60 };
const WITHIN_MS = 60_000;

const clocks = fc.record({
  laneMs: fc.constantFrom(0, -3_600_000, 3_600_000),
  serverMs: fc.infiniteStream(fc.integer({ min: -5000, max: 5000 })),
});

interface History {
  readonly entries: readonly TimedEntry[];
  readonly reports: readonly StoredReport[];
}

/** A story as a mesh would have stored it: a lane stores one report of each attempt that failed, and one result. */
function historyOf(
  story: Story,
  clock: { laneMs: number; serverMs: IterableIterator<number> },
): History {
  const off = (): number => clock.serverMs.next().value ?? 0;
  const entries = story.journal.map(({ sequence, entry }) => ({
    sequence,
    entry,
    storedAt: instantMs(entry.time) + off(),
  }));
  const reports = new Map<string, StoredReport>();
  for (const { question } of story.told) {
    const { happening } = question;
    if (happening.kind !== "report") continue;
    const { report, sequence } = happening;
    const key = `${report.answers}.${report.type === "result" ? "result" : report.attempt}`;
    if (reports.has(key)) continue;
    const time = shiftInstant(question.now, clock.laneMs);
    const startedAt = shiftInstant(report.startedAt, clock.laneMs);
    const storedAt = instantMs(question.now) + off();
    reports.set(key, { sequence, storedAt, report: { ...report, time, startedAt } });
  }
  return { entries, reports: [...reports.values()] };
}

const runsOf = ({ entries }: History): string[] => [
  ...new Set(entries.map(({ entry }) => entry.runId)),
];
const length = ({ startMs, endMs }: SpanData): number => endMs - startMs;

/** What is wrong with the spans of a run that is over. */
function faultsOf(spans: readonly SpanData[]): string[] {
  const roots = spans.filter(({ parentId }) => parentId === undefined);
  const [root] = roots;
  if (!root || roots.length > 1) return [`${roots.length} roots`];
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const segments = spans
    .filter(({ attributes }) => attributes["baton.segment"] !== undefined)
    .toSorted((one, two) => one.startMs - two.startMs || one.endMs - two.endMs);
  const sum = segments.reduce((all, span) => all + length(span), 0);
  return [
    ...(ids.size === spans.length ? [] : [`${spans.length} spans have ${ids.size} ids`]),
    ...spans.flatMap((span) => {
      const { name, parentId, traceId, startMs, endMs } = span;
      return [
        ...(parentId === undefined || ids.has(parentId) ? [] : [`${name} is an orphan`]),
        ...(traceId === root.traceId ? [] : [`${name} is in another trace`]),
        ...(length(span) >= 0 ? [] : [`${name} takes ${length(span)}`]),
        ...(startMs >= root.startMs && endMs <= root.endMs ? [] : [`${name} is beside the run`]),
      ];
    }),
    ...(Math.abs(sum - length(root)) <= 0.001 ? [] : [`${sum} of ${length(root)} ms`]),
    ...segments.flatMap((span, at) => {
      const before = segments[at - 1];
      return before && before.endMs > span.startMs ? [`${before.name} overlaps ${span.name}`] : [];
    }),
  ];
}

test.each(PLAYBOOKS)(
  "P1 P3: one root, no orphan, segments as long as the run, over %s",
  (_, document) => {
    const playbook = loaded(document);
    fc.assert(
      fc.property(stories, clocks, (story, clock) => {
        const play = new Play(begun(playbook));
        for (const step of story) play.step(step);
        playOut(play.story);
        const history = historyOf(play.story, clock);
        for (const runId of runsOf(history)) {
          const spans = runSpansOf(history, runId);
          expect(faultsOf(spans)).toEqual([]);
          expect(runSpansOf(structuredClone(history), runId)).toEqual(spans);
        }
      }),
      RUNS,
    );
  },
  WITHIN_MS,
);

test("P2: a span that was given once never changes, and its entry says when it was complete", () => {
  const playbook = loaded(PLAYBOOKS[0][1]);
  fc.assert(
    fc.property(stories, (story) => {
      const play = new Play(begun(playbook));
      for (const step of story) play.step(step);
      const still = { laneMs: 0, serverMs: [].values() };
      const history = historyOf(play.story, still);
      const whole = new Map(
        runsOf(history).flatMap((runId) =>
          runSpansOf(history, runId).map((span) => [span.spanId, span] as const),
        ),
      );
      for (const [at, last] of history.entries.entries()) {
        const entries = history.entries.slice(0, at + 1);
        const reports = history.reports.filter(({ storedAt }) => storedAt <= last.storedAt);
        for (const runId of runsOf({ entries, reports })) {
          const early = runSpansOf({ entries, reports }, runId);
          expect(early.map(({ spanId }) => whole.get(spanId))).toEqual(early);
          expect(early.filter(({ since }) => since > last.sequence)).toEqual([]);
          const due = [...whole.values()].filter(
            ({ since, attributes }) =>
              since <= last.sequence && attributes["baton.run_id"] === runId,
          );
          expect(early.length).toBe(due.length);
        }
      }
    }),
    RUNS,
  );
}, 60_000);
