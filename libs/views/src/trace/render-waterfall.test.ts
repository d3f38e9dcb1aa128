import { START_MS } from "@baton/testkit";
import { expect, test } from "vitest";

import { renderWaterfall } from "./render-waterfall.ts";
import type { SpanKind } from "./segments.ts";
import type { Span } from "./spans.ts";

const plain = (_kind: SpanKind, text: string): string => text;

function span(kind: SpanKind, from: number, to: number, changes: Partial<Span> = {}): Span {
  return {
    kind,
    runId: "run-sample",
    stage: "draft",
    holder: "lane-a",
    attempt: 1,
    startMs: START_MS + from,
    endMs: START_MS + to,
    open: false,
    note: "",
    ...changes,
  };
}

test("the spans of an attempt share a line, to scale", () => {
  const text = renderWaterfall(
    [
      span("queue", 0, 250),
      span("lane", 250, 750, { note: "pass" }),
      span("coordinator", 750, 1000),
    ],
    { width: 68, paint: plain },
  );
  const [head, line] = text.split("\n");
  expect(head).toBe("run-sample  2026-03-01T12:00:00.000Z  1s");
  expect(line).toBe("draft lane-a ··········████████████████████▓▓▓▓▓▓▓▓▓▓       1s  pass");
});

test("every line fits the terminal", () => {
  const spans = [
    span("lane", 0, 10, {
      stage: "a-stage-with-a-very-long-name-indeed",
      note: "failed: E_SOMETHING_LONG",
    }),
    span("human", 10, 90_000, { holder: "review", attempt: 0, note: "x".repeat(200) }),
  ];
  for (const width of [80, 120, 200]) {
    const lines = renderWaterfall(spans, { width, paint: plain }).split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
  }
});

test("work that is too short for a cell is drawn all the same", () => {
  const text = renderWaterfall(
    [span("lane", 0, 1), span("human", 1, 1_000_000, { holder: "review", attempt: 0 })],
    { width: 80, paint: plain },
  );
  expect(text.split("\n")[1]).toContain("█");
});

test("a run of no length, and no run at all, are drawn too", () => {
  expect(renderWaterfall([span("lane", 5, 5)], { width: 80, paint: plain })).toContain("█");
  expect(renderWaterfall([], { width: 80, paint: plain })).toBe("Nothing happened yet.\n");
});

test("the legend says what each kind took, and its share", () => {
  const text = renderWaterfall([span("queue", 0, 250), span("lane", 250, 1000)], {
    width: 80,
    paint: plain,
  });
  expect(text.trimEnd().split("\n").at(-1)).toBe("· queue 250ms (25%)   █ lane 750ms (75%)");
});

test("another attempt gets a line of its own", () => {
  const text = renderWaterfall(
    [
      span("lane", 0, 100),
      span("retry", 100, 200, { attempt: 2 }),
      span("lane", 200, 300, { attempt: 2 }),
    ],
    { width: 80, paint: plain },
  );
  expect(text).toContain("draft lane-a ");
  expect(text).toContain("draft #2 lane-a");
});

test("what goes on is said at the run", () => {
  const text = renderWaterfall([span("lane", 0, 100, { open: true })], { width: 80, paint: plain });
  expect(text.split("\n")[0]).toContain("goes on");
});
