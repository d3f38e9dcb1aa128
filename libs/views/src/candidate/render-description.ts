/** A candidate in sections, for people: pure. */
import type { Entry, StoredReport, TimedEntry, Whole } from "@baton/contracts";
import { reasonText } from "@baton/contracts";
import { approvalState, instantMs, instantOf } from "@baton/playbook";
import { printable } from "@baton/text/printable";

import { renderArtifacts } from "../tables/render-artifacts.ts";
import { renderTable } from "../tables/render-table.ts";
import { adviceOn } from "../words/advice.ts";
import { answerText } from "../words/answer-text.ts";
import { laneSays } from "../words/lane-says.ts";
import { particularsOf } from "../words/particulars.ts";
import { inTerminal } from "../words/phrase.ts";
import { ageText, durationText } from "../words/time-text.ts";
import { agentText, amountText, budgetText, moneyText, spendingText } from "../words/work-text.ts";

/** What is described. */
export interface Known {
  readonly candidateId: string;
  readonly entries: readonly [TimedEntry, ...TimedEntry[]];
  readonly reports: readonly StoredReport[];
  /** What the last entry rests on, or in words why that can't be told. */
  readonly basis: Whole | string;
}

interface View {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly width: number;
}

/** All sections; those without content are left out. */
export function renderDescription(known: Known, view: View): string {
  const last = known.entries.at(-1) ?? known.entries[0];
  const sections = [
    renderState(last, known.basis, view),
    section("Timeline", renderTimeline(known.entries, view)),
    section("Attempts", renderAttempts(known.reports, view)),
    section("Programs", renderWork(known.reports, view)),
    section("Artifacts", artifactsText(known.basis)),
    section("Approvals", renderApprovals(last.entry, view)),
    section("Feedback from earlier runs", renderFeedback(known.basis)),
  ];
  return sections.filter((one) => one !== "").join("\n");
}

function section(title: string, body: string): string {
  return body === "" ? "" : `${title}\n${indent(body)}`;
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, "  ");
}

function artifactsText(basis: Whole | string): string {
  if (typeof basis === "string") return `${printable(basis)}\n`;
  return basis.artifacts.length > 0 ? renderArtifacts(basis.artifacts) : "";
}

function renderState(
  { entry, sequence, storedAt }: TimedEntry,
  basis: Whole | string,
  { now }: View,
): string {
  const { failure, hold, review, evidence, guard } = entry;
  const name = typeof basis === "string" ? undefined : basis.spec["name"];
  const facts: [string, string | undefined][] = [
    ["Candidate", entry.candidateId],
    ["Name", typeof name === "string" ? name : undefined],
    ["Stands", `at ${entry.stage}, ${withText(entry)}, since ${ageText(now - storedAt)}`],
    ["Reason", `${entry.reason}: ${reasonText(entry.reason).meaning}`],
    ["Detail", particularsOf(entry)],
    ["Do", entry.holder === "closed" ? undefined : inTerminal(adviceOn(entry))],
    ["Deadline", entry.deadline === null ? undefined : deadlineText(entry.deadline, now)],
    [
      "Failure",
      failure
        ? `${failure.code} (${failure.class}): ${failure.message}. ${laneSays("Its lane", failure.action) ?? ""}`
        : undefined,
    ],
    ["Spent", spendingText(entry.spent)],
    ["Budget", entry.work?.cutBy && budgetText(entry.work.cutBy)],
    ["Granted", grantsText(entry)],
    ["On hold", hold ? `by ${hold.by} since ${hold.time}: ${hold.why}` : undefined],
    [
      "Kept",
      entry.kept
        ? `a result of ${entry.kept.report.stage} ${hold ? "that came in during the hold" : "that counts when it goes on"}`
        : undefined,
    ],
    ["Incident", incidentText(entry)],
    ["Next", review?.next ? `${review.next} follows an approval` : undefined],
    ["Answers", review?.answers?.map(answerText).join("; ")],
    ["Evidence", review?.evidence ?? undefined],
    [
      "Gate",
      evidence?.gate ? [evidence.gate.verdict, ...evidence.gate.reasons].join("; ") : undefined,
    ],
    ["Guard", guard ? `${guard.from ?? "(start)"} → ${guard.to}: ${guard.rule}` : undefined],
    ["Run", `${entry.runId}, iteration ${entry.iteration}, sent back ${entry.loops} times`],
    ["Author", entry.author],
    ["Playbook", entry.playbook],
    ["Journal", `entry ${entry.n} at sequence ${sequence}`],
    [
      "Controls",
      entry.controls === undefined ? undefined : `decided under CONTROLS ${entry.controls}`,
    ],
    ["Trace", entry.trace.slice(3, 35)],
  ];
  return facts
    .filter((fact): fact is [string, string] => fact[1] !== undefined)
    .map(([title, text]) => `${`${title}:`.padEnd(11)}${printable(text)}\n`)
    .join("");
}

function grantsText({ grants = [] }: Entry): string | undefined {
  if (grants.length === 0) return undefined;
  return grants
    .map(({ more, by, time }) => {
      const { tokens = 0, micros = 0, calls = 0 } = more;
      const amount = { tokens, micros, calls };
      return `${amountText(amount)} by ${by} at ${time}`;
    })
    .join("; ");
}

function incidentText({ incident, holder }: Entry): string | undefined {
  if (!incident) return undefined;
  const { id, class: kind, ticket } = incident;
  const changed = ticket === null ? "" : `, with an emergency under ${ticket}`;
  return `${holder === "closed" ? "recovered" : "recovers"} from ${id} of class ${kind}${changed}`;
}

function withText({ holder }: Entry): string {
  if (holder === "closed") return "closed";
  return holder === "review" ? "waiting for a person" : `with ${holder}`;
}

function deadlineText(deadline: string, now: number): string {
  const ms = instantMs(deadline) - now;
  return `${deadline} (${ms >= 0 ? `in ${ageText(ms)}` : `${ageText(-ms)} ago`})`;
}

function renderTimeline(entries: readonly TimedEntry[], { width }: View): string {
  return renderTable(
    ["SEQ", "STORED", "HOLDER", "STAGE", "REASON", "CAUSE", "DETAIL"].map((heading) => ({
      heading,
    })),
    entries.map(({ sequence, storedAt, entry }) => [
      String(sequence),
      instantOf(storedAt),
      entry.holder,
      entry.stage,
      entry.reason,
      causeText(entry),
      particularsOf(entry),
    ]),
    width - 2,
  );
}

function causeText({ cause }: Entry): string {
  switch (cause.kind) {
    case "command":
      return `${cause.type} by ${cause.by}${cause.signature ? ", signed" : ""}`;
    case "report":
      return `report ${cause.sequence}`;
    case "deadline":
      return "deadline";
    case "exhausted":
      return `${cause.deliveries} deliveries`;
    case "unreadable":
      return `report ${cause.sequence}, unreadable`;
    case "no-workers":
      return `${cause.lane} silent since ${cause.since}`;
    case "workers-back":
      return `${cause.lane} is back`;
    case "service-away":
      return `${cause.waiting} wait at ${cause.lane}`;
    case "incident":
      return `incident ${cause.incidentId} by ${cause.by}`;
    case "lifted":
      return "stop lifted";
    default:
      return cause["kind"];
  }
}

function renderAttempts(reports: readonly StoredReport[], { width }: View): string {
  if (reports.length === 0) return "";
  return renderTable(
    ["STAGE", "RUN", "TRY", "LANE", "STARTED", "TOOK", "HANDOFF", "OUTCOME"].map((heading) => ({
      heading,
    })),
    reports.map(({ report, storedAt }) => [
      report.stage,
      report.runId,
      String(report.attempt),
      report.lane,
      report.startedAt,
      durationText(Math.max(0, storedAt - instantMs(report.startedAt))),
      report.handoff ? durationText(report.handoff.ms) : "-",
      outcomeText(report),
    ]),
    width - 2,
  );
}

/** What programs from outside did, attempt by attempt. */
function renderWork(reports: readonly StoredReport[], { width }: View): string {
  const rows = reports.flatMap(({ report: { stage, runId, attempt, work } }) =>
    work
      ? [
          [
            stage,
            runId,
            String(attempt),
            agentText(work),
            work.model ?? "-",
            work.session ?? "-",
            durationText(work.ms),
            work.spent ? String(work.spent.tokens) : "not counted",
            work.spent ? moneyText(work.spent.micros) : "-",
            work.ended,
          ],
        ]
      : [],
  );
  if (rows.length === 0) return "";
  return renderTable(
    "STAGE RUN TRY AGENT MODEL SESSION TOOK TOKENS MONEY ENDED"
      .split(" ")
      .map((heading) => ({ heading })),
    rows,
    width - 2,
  );
}

function outcomeText(report: StoredReport["report"]): string {
  const failure = report.type === "attempt" ? report.failure : undefined;
  if (failure) return `${failure.code} (${failure.class}): ${failure.message}`;
  if (report.type !== "result") return "";
  const { outcome } = report;
  return outcome.kind === "done"
    ? `${outcome.verdict}: ${outcome.summary}`
    : `${outcome.failure.code} (${outcome.failure.class}): ${outcome.failure.message}`;
}

function renderApprovals(entry: Entry, { width, now }: View): string {
  const { approvals } = entry;
  if (approvals.length === 0) return "";
  const at = instantOf(now);
  return renderTable(
    ["STATE", "TIME", "BY", "FOR", "RUN", "EVIDENCE", "WHY"].map((heading) => ({ heading })),
    approvals.map((one) => [
      approvalState(one, entry, at),
      one.time,
      one.by,
      one.stage,
      one.runId,
      one.evidence.slice(0, 12),
      one.why,
    ]),
    width - 2,
  );
}

function renderFeedback(basis: Whole | string): string {
  if (typeof basis === "string") return "";
  return basis.feedback
    .map(({ runId, stage, reasons }) => `${runId} ${stage}: ${printable(reasons.join("; "))}\n`)
    .join("");
}
