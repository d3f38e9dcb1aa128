/** What holds for the whole mesh, with what it means for candidates, as `baton get controls` and `baton doctor` tell it. Pure. */
import {
  type Entry,
  type GitTask,
  type Incident,
  incidentsOf,
  type KillSwitchState,
  type AnyReason,
  type StoredControls,
} from "@baton/contracts";
import { isStopped } from "@baton/playbook";

import { controlChangeText } from "../words/control-change.ts";

/** A stored command that waits. */
export interface Undecided {
  readonly candidateId: string;
  readonly commandId: string;
  /** Sequence in COMMANDS. */
  readonly sequence: number;
  /** When it was stored. */
  readonly time: string;
  /** As it says itself: nobody has verified it; null where it doesn't. */
  readonly type: string | null;
  readonly by: string | null;
}

/** What keeps commands from being decided. */
export interface Hindrance {
  readonly found: string;
  readonly action: string;
}

/** An open incident and those that it led to recovery. */
export interface IncidentView extends Incident {
  /** Candidates that recover from it and aren't through yet: it can't be closed before. */
  readonly notRecovered: readonly string[];
}

/** A command about the mesh that nobody has decided on; `by` as it says itself. */
type WaitingCommand = Pick<Undecided, "sequence" | "time" | "type" | "by">;

/** What nobody has decided on, and what keeps the coordinator from it. */
export interface Waiting {
  readonly undecided: readonly WaitingCommand[];
  readonly hindrance: Hindrance | null;
}

/** All of it. */
export interface ControlsView extends Waiting {
  /** Sequence in CONTROLS. */
  readonly sequence: number;
  /** When it came to be so, and how. */
  readonly time: string;
  readonly detail: string;
  readonly killSwitch: KillSwitchState | null;
  readonly incidents: readonly IncidentView[];
  /** Changes made in an emergency that Git doesn't have yet. */
  readonly tasks: readonly GitTask[];
  /** Candidates that these keep from going on. */
  readonly stopped: readonly { readonly candidateId: string; readonly reason: AnyReason }[];
}

/** The view of a state and of the last entries of those that are open. */
export function viewOf(
  { sequence, controls }: StoredControls,
  entries: readonly Entry[],
  { undecided, hindrance }: Waiting = { undecided: [], hindrance: null },
): ControlsView {
  const { time, killSwitch, incidents, tasks } = controls;
  return {
    sequence,
    time,
    detail: controlChangeText(controls),
    killSwitch,
    incidents: incidents.map((incident) => ({
      ...incident,
      notRecovered: entries
        .filter((entry) => incidentsOf(entry).includes(incident.id) && entry.holder !== "closed")
        .map(({ candidateId }) => candidateId),
    })),
    tasks,
    undecided,
    hindrance,
    stopped: entries.filter(isStopped).map(({ candidateId, reason }) => ({ candidateId, reason })),
  };
}
