/** The end of a dry run for people: candidate by candidate, the first one's waterfall, the invariants, where it all lies. */
import { relative } from "node:path";

import { colors } from "@baton/terminal";
import { cutTo, printable } from "@baton/text/printable";
import { durationText, renderWaterfall, type SpanKind, spansOf } from "@baton/views";

import type { Comparison } from "./compare-runs.ts";
import type { Evidence } from "./gather-evidence.ts";
import type { HandoffTimes } from "./handoffs.ts";
import type { Verdict } from "./judge.ts";
import type { Summary } from "./summary.ts";

/** Renders the whole summary in `width` columns. */
export function renderSummary(
  summary: Summary,
  first: Evidence | undefined,
  width: number,
): string {
  const parts = [
    heading("Candidates"),
    ...summary.stories.map((verdict, index) => renderVerdict(verdict, index + 1, width)),
    heading("Handoffs of the first candidate"),
    first ? waterfall(first, width) : "It left no trace.\n",
    renderHandoffs(summary),
    renderSizes(summary),
    ...(summary.trace === null ? [] : [`trace  ${summary.trace}`]),
    heading("Invariants, checked from outside"),
    ...summary.invariants.map(({ id, ok, checked, unit, title }) =>
      cutTo(`${mark(ok && checked > 0)} ${id}  ${`${checked} ${unit}`.padEnd(14)} ${title}`, width),
    ),
    heading("Evidence"),
    ...renderEvidence(summary),
    "",
    renderOutcome(summary),
    "",
  ];
  return parts.join("\n");
}

function heading(text: string): string {
  return `\n${colors.bold(text)}`;
}

function mark(ok: boolean): string {
  return ok ? colors.green("ok  ") : colors.red("FAIL");
}

const INDENT = 5;
const LABEL_WIDTH = 10;

/** `text` in lines of at most `width`, broken between words; a longer word is cut. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length <= width) lines[lines.length - 1] = longer;
    else lines.push(cutTo(word, width));
  }
  return lines.filter((line) => line !== "");
}

function renderVerdict(verdict: Verdict, number: number, width: number): string {
  const { name, candidateId, expected, ok, end, seen, differences, action } = verdict;
  const rows: [string, string][] = [
    ["expected", expected],
    ...seen.map((text): [string, string] => ["actual", text]),
    ...differences.map((text): [string, string] => ["DIFFERS", text]),
    ...(end ? [["where", `${end.holder}, ${end.stage}`] as [string, string]] : []),
    ...(end ? [["why", `${end.reason}: ${end.detail}`] as [string, string]] : []),
    ...(action === null ? [] : [["to do", action] as [string, string]]),
  ];
  const lines = rows.flatMap(([label, text], index) => {
    const repeated = rows[index - 1]?.[0] === label;
    const wrapped = wrap(printable(text), Math.max(40, width - INDENT - LABEL_WIDTH));
    return wrapped.map((line, at) => {
      const head = (repeated || at > 0 ? "" : label).padEnd(LABEL_WIDTH);
      const shown = label === "DIFFERS" ? colors.red(line) : line;
      return `${" ".repeat(INDENT)}${colors.dim(head)}${shown}`;
    });
  });
  return [`${mark(ok)} ${number} ${colors.bold(name)}  ${candidateId}`, ...lines].join("\n");
}

const PAINTS: Readonly<Record<SpanKind, (text: string) => string>> = {
  queue: colors.dim,
  lane: colors.green,
  retry: colors.yellow,
  coordinator: colors.cyan,
  human: colors.magenta,
};

function waterfall({ entries, reports }: Evidence, width: number): string {
  const spans = spansOf(entries, reports, { now: entries.at(-1)?.storedAt ?? 0 });
  return renderWaterfall(spans, { width, paint: (kind, text) => PAINTS[kind](text) });
}

function renderHandoffs({ handoffs }: Summary): string {
  const { idle, busy } = handoffs;
  const times = ({ count, p50Ms, p99Ms }: HandoffTimes): string =>
    `${count}, p50 ${durationText(p50Ms)}, p99 ${durationText(p99Ms)}`;
  return `Handoffs of all candidates to an idle lane: ${times(idle)}; to a busy one, waiting in line: ${times(busy)}`;
}

function renderSizes({ entries: { count, mean, largest } }: Summary): string {
  return `Journal entries: ${count}, ${mean} bytes on average, the largest ${largest}`;
}

function renderEvidence({ folder, comparison, artifacts }: Summary): string[] {
  const short = relative(process.cwd(), folder);
  const shown = short.startsWith("..") ? folder : short;
  return [
    `${shown}/`,
    "  summary.json  journals/  reports/  artifacts/  audit-pack.tar  invariants-input.json  mesh/logs/",
    comparedText(comparison, Object.keys(artifacts).length),
  ];
}

function comparedText(comparison: Comparison | null, count: number): string {
  if (comparison === null)
    return `${count} artifacts; run it again to see that their bytes are the same`;
  const { same, differing, sameCode } = comparison;
  const before = `the run before (${relative(process.cwd(), comparison.with)})`;
  if (differing.length === 0) return `${same} artifacts, byte for byte those of ${before}`;
  return sameCode
    ? `${differing.length} artifacts differ from ${before} by the same code`
    : `${differing.length} artifacts differ from ${before}; the code has changed since`;
}

function renderOutcome({ ok, seconds, differences }: Summary): string {
  const took = `${seconds.all.toFixed(1)} s (start ${seconds.start.toFixed(1)}, play ${seconds.play.toFixed(1)}, check ${seconds.check.toFixed(1)})`;
  if (ok) return colors.green(`Everything is as it should be. ${took}`);
  const list = differences.map((line) => `  ${printable(line)}`).join("\n");
  return `${colors.red(`${differences.length} things differ.`)} ${took}\n${list}`;
}
