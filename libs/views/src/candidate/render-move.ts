import { MESH_ID, type StoredControls, type StoredEntry } from "@baton/contracts";
import { cutTo, printable, printableLines } from "@baton/text/printable";

import { causeName } from "../controls/render-controls.ts";
import { controlChangeText } from "../words/control-change.ts";
import { particularsOf } from "../words/particulars.ts";

/** `describe` shows all of it. */
const MAX_DETAIL = 160;

/** A journal entry as one line: when, who, where, why. */
export function renderMove({ sequence, entry }: StoredEntry, time: string): string {
  const { candidateId, holder, stage, reason } = entry;
  const detail = particularsOf(entry);
  return line(time, [candidateId, holder, stage, reason], `${shortened(detail)} (${sequence})`);
}

/** A change of the mesh's controls as a line among them. */
export function renderControl({ sequence, controls }: StoredControls, time: string): string {
  const { cause } = controls;
  const detail = controlChangeText(controls);
  const text = `${shortened(detail)} (CONTROLS ${sequence})`;
  return line(time, [MESH_ID, "all", causeName(cause), "CONTROLS"], text);
}

function line(
  time: string,
  [who, holder, stage, reason]: readonly [string, string, string, string],
  text: string,
): string {
  const columns = [
    time.slice(11, 23),
    who.padEnd(17),
    holder.padEnd(6),
    stage.padEnd(24),
    reason.padEnd(18),
  ];
  return `${columns.join("  ")}  ${text}\n`;
}

function shortened(detail: string): string {
  return cutTo(printable(detail), MAX_DETAIL);
}

/** The same for a program: one JSON object a line. */
export function moveJson({ sequence, entry }: StoredEntry, time: string): string {
  const { candidateId, holder, stage, runId, reason, iteration, deadline } = entry;
  const detail = particularsOf(entry);
  const move = {
    sequence,
    storedAt: time,
    candidateId,
    runId,
    iteration,
    stage,
    holder,
    reason,
    deadline,
    detail,
  };
  return `${printableLines(JSON.stringify(move))}\n`;
}

/** A change of the controls for a program: it has `type` and no candidate. */
export function controlJson({ sequence, controls }: StoredControls, time: string): string {
  const { type, cause, killSwitch, incidents, tasks } = controls;
  const change = {
    type,
    sequence,
    storedAt: time,
    cause,
    detail: controlChangeText(controls),
    killSwitch,
    incidents,
    tasks,
  };
  return `${printableLines(JSON.stringify(change))}\n`;
}
