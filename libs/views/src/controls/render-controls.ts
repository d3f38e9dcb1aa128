/** The mesh's controls for people. Pure. */
import type { Controls, StoredControls } from "@baton/contracts";
import { instantMs } from "@baton/playbook";
import { printable } from "@baton/text/printable";

import { renderTable } from "../tables/render-table.ts";
import { controlChangeText, scopeText } from "../words/control-change.ts";
import { ageText } from "../words/time-text.ts";
import type { ControlsView, IncidentView } from "./controls-view.ts";

/** How to show it. */
export interface Shown {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly width: number;
}

/** Candidates that are named; of more only the number is told. */
const NAMED = 3;

/** The state in sections. */
export function renderControls(view: ControlsView, shown: Shown): string {
  const sections = [
    renderKillSwitch(view, shown),
    renderWaiting(view, shown),
    renderIncidents(view, shown),
    renderTasks(view, shown),
    renderStopped(view),
  ];
  return sections.join("");
}

function renderKillSwitch({ killSwitch }: ControlsView, { now }: Shown): string {
  if (!killSwitch) return "Kill switch: released\n";
  const { by, why, time, releases } = killSwitch;
  const given = releases.filter(({ expires }) => instantMs(expires) > now);
  const head = `Kill switch: ENGAGED since ${time} (${ageText(now - instantMs(time))}) by ${by}: ${why}`;
  const asked = given.map(
    (one) =>
      `  release asked for by ${one.by} at ${one.time}: ${one.why}; counts until ${one.expires}`,
  );
  const needs = `  do: ${given.length > 0 ? "a second person" : "two people within an hour"}: \`baton kill-switch release --why …\``;
  return [head, ...asked, needs].map((line) => `${printable(line)}\n`).join("");
}

/** What is said above may be another as soon as somebody decides on these. */
function renderWaiting({ undecided, hindrance }: ControlsView, { now }: Shown): string {
  const waiting = undecided.slice(0, NAMED).map(({ sequence, time, type, by }) => {
    const age = ageText(now - instantMs(time));
    return `Undecided:   ${type ?? "something unreadable"} by ${by ?? "somebody"}, stored since ${time} (${age}) as COMMANDS ${sequence}: it doesn't hold yet`;
  });
  const more = undecided.length - NAMED;
  return [
    ...waiting,
    ...(more > 0 ? [`             and ${more} more`] : []),
    ...(hindrance
      ? [
          `Coordinator: ${hindrance.found}; what is asked for isn't decided`,
          `  do: ${hindrance.action}`,
        ]
      : []),
  ]
    .map((line) => `${printable(line)}\n`)
    .join("");
}

function renderIncidents({ incidents }: ControlsView, { now, width }: Shown): string {
  if (incidents.length === 0) return "Incidents:   none open\n";
  const columns = ["INCIDENT", "CLASS", "SCOPE", "AGE", "BY", "EMERGENCY", "NOT RECOVERED", "WHY"];
  const table = renderTable(
    columns.map((heading) => ({ heading })),
    incidents.map((one) => [
      one.id,
      one.class,
      scopeText(one.scope),
      ageText(now - instantMs(one.time)),
      one.by,
      emergencyText(one, now),
      namesText(one.notRecovered),
      one.why,
    ]),
    width - 2,
  );
  return `Incidents\n${indented(table)}`;
}

/** `OPS-812 on cand-1f2e3d4c5b6a, ends in 12m`, `OPS-812 over`, `-`. */
function emergencyText({ emergency }: IncidentView, now: number): string {
  if (!emergency) return "-";
  const { ticket, scope, until, ended } = emergency;
  const left = instantMs(until) - now;
  return ended || left <= 0 ? `${ticket} over` : `${ticket} on ${scope}, ends in ${ageText(left)}`;
}

function namesText(names: readonly string[]): string {
  if (names.length === 0) return "-";
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
  return `${names.slice(0, NAMED).join(", ")}${more}`;
}

function renderTasks({ tasks }: ControlsView, { now, width }: Shown): string {
  if (tasks.length === 0) return "Tasks:       none, Git has every change\n";
  const columns = ["TASK", "CANDIDATE", "TICKET", "INCIDENT", "AGE", "BY", "WHY"];
  const table = renderTable(
    columns.map((heading) => ({ heading })),
    tasks.map((one) => [
      one.id,
      one.scope,
      one.ticket,
      one.incidentId,
      ageText(now - instantMs(one.time)),
      one.by,
      one.why,
    ]),
    width - 2,
  );
  return `Changes that Git doesn't have yet: no promotion until \`baton close-task TASK --commit SHA --why …\`\n${indented(table)}`;
}

function renderStopped({ stopped }: ControlsView): string {
  if (stopped.length === 0) return "Stopped:     nobody\n";
  const counts = new Map<string, number>();
  for (const { reason } of stopped) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const text = [...counts].map(([reason, count]) => `${count} ${reason}`).join(", ");
  return `Stopped:     ${text}: \`baton get candidates --holder review\`\n`;
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, "  ");
}

/** All entries of the chain, the oldest first. */
export function renderHistory(entries: readonly StoredControls[], width: number): string {
  if (entries.length === 0) return "Nothing was ever controlled.\n";
  return renderTable(
    ["SEQ", "TIME", "WHAT", "BY", "SIGNED", "DETAIL"].map((heading) => ({ heading })),
    entries.map(({ sequence, controls, controls: { time, cause } }) => [
      String(sequence),
      time,
      causeName(cause),
      cause.kind === "command" ? cause.by : "-",
      cause.kind === "command" && cause.signature ? "yes" : "-",
      controlChangeText(controls),
    ]),
    width,
  );
}

/** What led to an entry of the chain: `incident`, `close-task`, `expired`. */
export function causeName(cause: Controls["cause"]): string {
  return cause.kind === "command" ? cause.type : cause.kind;
}
