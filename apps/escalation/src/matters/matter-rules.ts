/**
 * Which state a matter's record takes next: pure, time comes in as an argument. What people are told about it, and when, is
 * decided by notices/told-rules.ts.
 *
 * M1: a matter is opened once and ends once: its name never comes again.
 * M2: controls that are older than those known to have it say nothing about it.
 */
import { cut, type MeshMatter, type MeshMatterRecord, type StoredControls } from "@baton/contracts";
import { controlChangeText } from "@baton/views";

import { isTelling } from "../notices/delivery-rules.ts";
import {
  type Circumstances,
  claim,
  finish,
  type Step,
  tellIfDue,
  untold,
} from "../notices/told-rules.ts";
import { isEngineMatter } from "./engine-matters.ts";
import { MATTER_WORDING } from "./matter-notice.ts";
import { mattersIn } from "./matters-in.ts";

/** What the controls say of a matter. */
export interface Sighting {
  /** As it stands, or stood last. */
  readonly matter: MeshMatter;
  /** Sequence of the controls that have it so. */
  readonly sequence: number;
  /** The entry that ended it; undefined while it is open. */
  readonly end: StoredControls | undefined;
}

/** The sightings of all matters in states that follow each other, the latest first. */
export function sightingsIn(states: readonly StoredControls[]): Map<string, Sighting> {
  const found = new Map<string, Sighting>();
  for (const [index, { sequence, controls }] of states.entries())
    for (const matter of mattersIn(controls))
      if (!found.has(matter.matter))
        found.set(matter.matter, { matter, sequence, end: states[index - 1] });
  return found;
}

/** Decides on a matter by what the latest controls, stored under `latest`, say of it; undefined if they don't know it. */
export function nextMatterStep(
  of: {
    readonly sighting: Sighting | undefined;
    readonly latest: number;
    readonly record: MeshMatterRecord | undefined;
  },
  at: Circumstances,
): Step<MeshMatterRecord> {
  const { sighting, latest, record } = of;
  if (!record) return sighting ? open(sighting, at) : { kind: "rest" };
  if (record.state === "answered") return finish(record, at);
  if (latest < record.latest) return { kind: "rest" };
  if (!sighting || sighting.end) {
    if (isTelling(record.delivery, at.nowMs)) return { kind: "wait" };
    const ended = endedBy(record, sighting?.end, at.nowMs);
    const claimed = claim(MATTER_WORDING, ended, "resolved", at);
    return { kind: "write", record: claimed, claimed: true };
  }
  if (hasChanged(record, sighting.matter)) {
    const { matter, sequence } = sighting;
    const { detail, action } = matter;
    const noted = { ...record, detail, action, latest: sequence };
    return { kind: "write", record: noted, claimed: false };
  }
  return tellIfDue(MATTER_WORDING, record, at);
}

/** True if something happened to it since; its other parts never change. */
export function hasChanged(record: MeshMatterRecord, matter: MeshMatter): boolean {
  return record.detail !== matter.detail || record.action !== matter.action;
}

function open({ matter, sequence }: Sighting, at: Circumstances): Step<MeshMatterRecord> {
  const untoldOf = untold(matter.openedAt, null);
  const record: MeshMatterRecord = { v: 1, ...untoldOf, ...matter, latest: sequence };
  return { kind: "write", record: claim(MATTER_WORDING, record, "open", at), claimed: true };
}

/** Without an entry the chain was made anew, or it was the engine that had it. */
function endedBy(
  record: MeshMatterRecord,
  end: StoredControls | undefined,
  nowMs: number,
): MeshMatterRecord {
  const gone = isEngineMatter(record)
    ? "The engine doesn't say so any more."
    : "The mesh's controls don't have it any more.";
  const time = end?.controls.time ?? new Date(nowMs).toISOString();
  const detail = end ? cut(controlChangeText(end.controls)) : gone;
  const cause = end?.controls.cause;
  const isCommand = cause?.kind === "command";
  return {
    ...record,
    detail,
    state: "answered",
    answeredAt: time,
    answeredBy: isCommand ? cause.by : null,
    answer: isCommand ? cause.type.slice(0, 60) : (cause?.kind ?? "gone"),
  };
}
