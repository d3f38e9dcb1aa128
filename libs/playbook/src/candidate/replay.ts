/**
 * What an entry was decided on, told again from what is stored (J10): the entry before it, its cause, the report or command
 * that the cause names, the evidence that it records, its own time.
 */
import {
  awaitedDispatch,
  type Command,
  type CommandId,
  type Controls,
  type WholeEntry,
  type Identity,
  type PreciseInstant,
  type Report,
  type Role,
  type Sha256,
  type StoredControls,
  type StoredWhole,
} from "@baton/contracts";

import type { Playbook } from "../format/playbook.ts";
import type { Happening, Question } from "./decision.ts";
import { evidenceNeeded } from "./evidence.ts";

/** What is stored beside a candidate's journal. */
export interface ReplaySources {
  command(id: CommandId): Command | undefined;
  /** The report that is stored under a sequence, and when it was. */
  report(sequence: number): { report: Report; storedAt: PreciseInstant } | undefined;
  playbook(digest: Sha256): Playbook | undefined;
  /** The mesh's controls that are stored under a sequence. */
  controls(sequence: number): Controls | undefined;
}

/** Asks again what `entry` answered, `last` being the entry before it; or says in words which source is missing. */
export function questionOf(
  last: StoredWhole | undefined,
  entry: WholeEntry,
  sources: ReplaySources,
): Question | string {
  const digest = (last?.entry ?? entry).playbook;
  const playbook = sources.playbook(digest);
  if (!playbook) return `playbook ${digest.slice(0, 12)} isn't stored`;
  const controls = controlsOf(entry, sources);
  if (typeof controls === "string") return controls;
  const happening = happeningOf(last, entry, sources);
  if (typeof happening === "string") return happening;
  const evidence = evidenceNeeded(last, happening, playbook) ? entry.evidence : null;
  return { last, happening, playbook, evidence, controls, now: entry.time };
}

function controlsOf(
  { controls: sequence }: WholeEntry,
  sources: ReplaySources,
): StoredControls | undefined | string {
  if (sequence === undefined) return undefined;
  const controls = sources.controls(sequence);
  return controls ? { sequence, controls } : `controls ${sequence} aren't stored`;
}

/** Who the coordinator found to have signed; a registry that changed since changes nothing about it. */
function identityOf({ by, roles }: { by: Identity; roles?: Role[] | undefined }) {
  return roles && { identity: { name: by, roles } };
}

function happeningOf(
  last: StoredWhole | undefined,
  { cause, trace }: WholeEntry,
  sources: ReplaySources,
): Happening | string {
  switch (cause.kind) {
    case "command": {
      const command = sources.command(cause.commandId);
      // The sampler's choice is kept in the trace's flags.
      const sampled = trace.endsWith("1");
      if (command) return { kind: "command", command, sampled, ...identityOf(cause) };
      return `command ${cause.commandId} isn't stored`;
    }
    case "report": {
      const stored = sources.report(cause.sequence);
      if (stored) return { kind: "report", ...stored, sequence: cause.sequence };
      return `report ${cause.sequence} isn't stored, or isn't about this candidate`;
    }
    case "deadline":
    case "lifted":
      return { kind: cause.kind };
    case "incident":
      return { kind: "incident", incidentId: cause.incidentId };
    case "unreadable": {
      if (!last) return "a result of nothing";
      const { candidateId, stage, runId } = last.entry;
      return { ...cause, candidateId, stage, runId };
    }
    case "exhausted":
    case "no-workers":
    case "workers-back":
    case "service-away": {
      const dispatch = last && awaitedDispatch(last);
      return dispatch === undefined
        ? `${cause.kind}, but nothing was awaited`
        : { ...cause, dispatch };
    }
    default:
      return "its cause is one that only a newer release knows: replay it with that";
  }
}
