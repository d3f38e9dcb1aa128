/** The gate evaluation as Markdown: what failed first, then every figure. */
import type { GateCheck, GateEvaluation } from "@baton/artifacts";

import { shown } from "./check.ts";

/** Text for the person who has to decide: verdict and failures on top, one table per gate, digests at the end. */
export function gateReportText(report: GateEvaluation): string {
  const failed = report.checks.filter(({ status }) => status === "fail" || status === "missing");
  const warned = report.checks.filter(({ status }) => status === "warning");
  return [
    `# Gate evaluation: ${report.verdict.toUpperCase()}`,
    "",
    `Candidate ${report.candidateId}, run ${report.runId}, target ${report.promotionTarget ?? "unknown"}, policy ${report.policyVersion}.`,
    "",
    ...listOf("What failed", failed),
    ...listOf("What to look at", warned),
    ...report.gates.flatMap(({ gateId, status }) => [
      `## ${gateId}: ${status}`,
      "",
      ...tableOf(report.checks.filter((check) => check.gateId === gateId)),
      "",
    ]),
    "## Read from",
    "",
    ...report.inputs.map(({ name, sha256 }) => `- ${name} \`${sha256}\``),
    `- gate policy \`${report.policySha256}\``,
    "",
  ].join("\n");
}

function listOf(title: string, checks: readonly GateCheck[]): string[] {
  if (checks.length === 0) return [];
  const items = checks.map(
    ({ gateId, checkId, title: what, reason }) =>
      `- **${checkId}** (${gateId}): ${cell(what)}: ${cell(reason)}`,
  );
  return [`## ${title}`, "", ...items, ""];
}

function tableOf(checks: readonly GateCheck[]): string[] {
  const rows = checks.map((check) =>
    [check.status, cell(check.title), threshold(check), measured(check), margin(check)].join(" | "),
  );
  return [
    "| status | check | threshold | measured | margin |",
    "| --- | --- | --- | --- | --- |",
    ...rows.map((row) => `| ${row} |`),
  ];
}

function threshold({ rule, threshold: value }: GateCheck): string {
  return value === null ? "–" : `${rule} ${cell(short(value))}`;
}

function measured({ status, measured: value, reason }: GateCheck): string {
  if (value !== null) return cell(short(value));
  return status === "skipped" ? cell(reason) : "–";
}

const margin = ({ margin: value }: GateCheck) => (value === null ? "–" : shown(value));

/** Digests are cut to their first 12 digits: the artifact has them in full. */
const short = (value: string | number | boolean) =>
  typeof value === "string" && /^[0-9a-f]{64}$/.test(value) ? value.slice(0, 12) : shown(value);

/** Nothing in a text may end its cell or its line. */
const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ");
