/** The spans of a run as bars in a terminal. */
import { instantOf } from "@baton/playbook";
import { cutTo, printable } from "@baton/text/printable";

import { durationText } from "../words/time-text.ts";
import type { SpanKind } from "./segments.ts";
import { type Span, totalsOf } from "./spans.ts";

/** How each kind is drawn. */
const BARS: Readonly<Record<SpanKind, string>> = {
  queue: "·",
  lane: "█",
  retry: "░",
  coordinator: "▓",
  human: "▒",
};
const KINDS: readonly SpanKind[] = ["queue", "lane", "retry", "coordinator", "human"];

/** How to draw. */
export interface WaterfallOptions {
  readonly width: number;
  readonly paint: (kind: SpanKind, text: string) => string;
}

const TIME_WIDTH = 8;
const MIN_BAR = 20;

/** A line per stage run and attempt, run by run, then what each kind took. */
export function renderWaterfall(spans: readonly Span[], options: WaterfallOptions): string {
  const runs = [...new Set(spans.map(({ runId }) => runId))];
  if (runs.length === 0) return "Nothing happened yet.\n";
  const parts = runs.map((runId) =>
    renderRun(
      runId,
      spans.filter((span) => span.runId === runId),
      options,
    ),
  );
  return `${parts.join("\n")}\n${renderLegend(spans, options)}`;
}

/** Spans of one line: same stage, same attempt, one after the other. */
function linesOf(spans: readonly Span[]): Span[][] {
  const lines: Span[][] = [];
  for (const span of spans) {
    const line = lines.at(-1);
    const before = line?.at(-1);
    const joins =
      before?.stage === span.stage &&
      before.holder === span.holder &&
      before.attempt === span.attempt &&
      (span.kind === "lane" || span.kind === "coordinator");
    if (line && joins) line.push(span);
    else lines.push([span]);
  }
  return lines;
}

function renderRun(runId: string, spans: readonly Span[], options: WaterfallOptions): string {
  const lines = linesOf(spans).map((line) => ({ line, label: labelOf(line), note: noteOf(line) }));
  const start = Math.min(...spans.map(({ startMs }) => startMs));
  const end = Math.max(...spans.map(({ endMs }) => endMs));
  const labels = Math.min(
    34,
    Math.floor(options.width * 0.3),
    Math.max(...lines.map(({ label }) => label.length)),
  );
  const notes = Math.min(
    40,
    Math.floor(options.width * 0.3),
    Math.max(0, ...lines.map(({ note }) => note.length)),
  );
  const bar = Math.max(MIN_BAR, options.width - labels - notes - TIME_WIDTH - 4);
  const at = (ms: number): number =>
    end === start ? 0 : Math.round(((ms - start) / (end - start)) * bar);
  const head = `${runId}  ${instantOf(start)}  ${durationText(end - start)}${spans.some(({ open }) => open) ? ", goes on" : ""}`;
  const drawn = lines.map(({ line, label, note }) => {
    const took = (line.at(-1)?.endMs ?? 0) - (line[0]?.startMs ?? 0);
    const cells = drawLine(line, { at, bar, paint: options.paint });
    const time = durationText(took).padStart(TIME_WIDTH);
    return `${cutTo(label, labels).padEnd(labels)} ${cells} ${time}  ${cutTo(note, notes)}`.trimEnd();
  });
  return `${head}\n${drawn.join("\n")}\n`;
}

/** A line's bar. What is too short for a cell gets one if it's a lane's or a person's: the others may vanish. */
function drawLine(
  line: readonly Span[],
  { at, bar, paint }: { at: (ms: number) => number; bar: number; paint: WaterfallOptions["paint"] },
): string {
  const cells: (SpanKind | undefined)[] = Array.from({ length: bar });
  for (const { kind, startMs, endMs } of line) {
    const from = Math.min(at(startMs), bar - 1);
    const must = kind === "lane" || kind === "human";
    const to = Math.min(bar, Math.max(at(endMs), must ? from + 1 : from));
    for (let cell = from; cell < to; cell += 1) cells[cell] = must ? kind : (cells[cell] ?? kind);
  }
  let text = "";
  for (let cell = 0; cell < bar;) {
    const kind = cells[cell];
    let next = cell + 1;
    while (next < bar && cells[next] === kind) next += 1;
    const length = next - cell;
    text += kind === undefined ? " ".repeat(length) : paint(kind, BARS[kind].repeat(length));
    cell = next;
  }
  return text;
}

function labelOf(line: readonly Span[]): string {
  const [first] = line;
  if (!first) return "";
  const attempt = first.attempt > 1 ? ` #${first.attempt}` : "";
  return `${first.stage}${attempt} ${first.holder}`;
}

function noteOf(line: readonly Span[]): string {
  const notes = line.map(({ note }) => note).filter((note) => note !== "");
  return printable(notes.join(", "));
}

function renderLegend(spans: readonly Span[], { paint }: WaterfallOptions): string {
  const totals = totalsOf(spans);
  const whole = Math.max(
    1e-9,
    Object.values(totals).reduce((sum, ms) => sum + ms, 0),
  );
  return `${KINDS.filter((kind) => totals[kind] > 0)
    .map((kind) => {
      const share = Math.round((totals[kind] / whole) * 100);
      return `${paint(kind, BARS[kind])} ${kind} ${durationText(totals[kind])} (${share}%)`;
    })
    .join("   ")}\n`;
}
