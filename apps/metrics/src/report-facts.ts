/**
 * What the series need of a report, read at a fraction of a full parse's cost.
 *
 * F1: a result that is done and whose envelope stands as lanes write it is read by one expression over its text; the rest of
 *     it (summary, artifacts) isn't looked at. Whether it is right is the coordinator's business.
 * F2: everything else goes through the contract's schema, so that a slower reading never means another one.
 */
import type { Report } from "@baton/contracts";
import { parseReport } from "@baton/mesh";

/** A report as the series see it. */
export interface ReportFacts {
  readonly candidateId: string;
  readonly stage: string;
  readonly lane: string;
  /** Sequence of the dispatch that it answers. */
  readonly answers: number;
  readonly attempt: number;
  /** From the start of the attempt to its end, by the lane's clock. */
  readonly seconds: number;
  /** Its verdict, or the class of its failure. */
  readonly outcome: string;
  /** Class of the failure, if it failed. */
  readonly failureClass: string | undefined;
  /** Only of a first attempt: later ones would count the wait for the retry as a handoff. */
  readonly handoffSeconds: number | undefined;
}

const INSTANT = String.raw`"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"`;
const STAGE = String.raw`"([a-z][a-z0-9-]{0,62})"`;
const ID = "[a-z0-9-]{6,63}";
const DONE = new RegExp(
  String.raw`^\{"v":1,"candidateId":"(${ID})","stage":${STAGE},"runId":"${ID}",` +
    String.raw`"time":${INSTANT},"trace":"[0-9a-f-]{55}","lane":"(lane-[a-z0-9-]{1,58})","answers":(\d{1,15}),"attempt":(\d{1,6}),` +
    String.raw`"startedAt":${INSTANT},"handoff":(?:null|\{"from":${STAGE},"ms":(\d{1,15}(?:\.\d{1,6})?)\}),` +
    String.raw`"id":"[a-z0-9.-]{1,250}","type":"result","outcome":\{"kind":"done","verdict":"(pass|fail|inconclusive)",`,
);

/** Reads a stored report; a string says in words why the bytes aren't one. */
export function readReportFacts(data: Uint8Array): ReportFacts | string {
  const glanced = glanceAtReport(data);
  if (glanced) return glanced;
  const report = parseReport(data);
  return typeof report === "string" ? report : factsOf(report);
}

/** F1: the facts of a done result in the usual form, or undefined for anything else. */
export function glanceAtReport(data: Uint8Array): ReportFacts | undefined {
  // What the expression looks at is ASCII, so one character per byte is right and the fastest.
  const text = Buffer.from(data.buffer, data.byteOffset, data.length).toString("latin1");
  const found = DONE.exec(text);
  if (!found || !text.endsWith("]}}")) return undefined;
  const [, candidateId = "", stage = "", time = "", lane = "", answers, attempt] = found;
  const [startedAt = "", from, ms, outcome = ""] = found.slice(7);
  const seconds = secondsBetween(startedAt, time);
  if (Number.isNaN(seconds)) return undefined;
  return {
    candidateId,
    stage,
    lane,
    answers: Number(answers),
    attempt: Number(attempt),
    seconds,
    outcome,
    failureClass: undefined,
    handoffSeconds: attempt === "1" && from !== undefined ? Number(ms) / 1000 : undefined,
  };
}

function factsOf(report: Report): ReportFacts {
  const { candidateId, stage, lane, answers, attempt, handoff, startedAt, time } = report;
  const failure =
    report.type === "attempt"
      ? report.failure
      : report.outcome.kind === "failed"
        ? report.outcome.failure
        : undefined;
  const verdict =
    report.type === "result" && report.outcome.kind === "done" && report.outcome.verdict;
  return {
    candidateId,
    stage,
    lane,
    answers,
    attempt,
    seconds: secondsBetween(startedAt, time),
    outcome: failure?.class ?? (verdict || "inconclusive"),
    failureClass: failure?.class,
    handoffSeconds: attempt === 1 && handoff ? handoff.ms / 1000 : undefined,
  };
}

/** Never negative: the clock of a lane's machine may be set back during an attempt. */
function secondsBetween(from: string, to: string): number {
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
}
