/**
 * J7 for the whole mesh: what the controls stopped is held against what was dispatched and ordered, by the times at which
 * the server and the broker stored it.
 */
import type { Violation } from "./finding.ts";
import { readName } from "./read-name.ts";
import { type ControlState, isDispatch, type JournalEntry, type MeshRecord } from "./record.ts";

/** Everything has stopped this long after the state was stored. */
const WITHIN_MS = 1000;

/** What was looked at, and what isn't as it must be. */
export interface ControlFaults {
  readonly checked: number;
  readonly faults: readonly Violation[];
}

/** Checks dispatches under the kill switch and freezes, releases, and that each incident takes a candidate once. */
export function controlFaults(record: MeshRecord): ControlFaults {
  const { controls, entries } = record;
  const faults = [
    ...controls.flatMap((state, index) => chainFaults(state, controls[index - 1])),
    ...entries.filter(isDispatch).flatMap((entry) => dispatchFaults(record, entry)),
    ...twiceTaken(entries),
  ];
  return { checked: controls.length, faults };
}

/** True if the mesh's kill switch was engaged at that time and the second before it. */
export function isKillSwitchHeld(controls: readonly ControlState[], at: number): boolean {
  const held = statesOf(controls, at);
  return held.length > 0 && held.every(({ releases }) => releases !== null);
}

/** The states that held within the second before `at`; none if there was none when it began. */
function statesOf(controls: readonly ControlState[], at: number): readonly ControlState[] {
  const first = controls.findLastIndex(({ storedAt }) => storedAt <= at - WITHIN_MS);
  if (first === -1) return [];
  return controls.slice(first).filter(({ storedAt }) => storedAt <= at);
}

function chainFaults(state: ControlState, before: ControlState | undefined): Violation[] {
  const where = `CONTROLS ${state.sequence}`;
  const faults: Violation[] = [];
  if (state.prev !== (before?.sequence ?? 0) || state.n !== (before?.n ?? 0) + 1)
    faults.push({ where, what: `doesn't follow CONTROLS ${before?.sequence ?? 0}` });
  if (!before?.releases || state.releases) return faults;
  const others = before.releases.filter((by) => readName(by) !== readName(state.by ?? ""));
  if (state.by === null || others.length === 0) {
    const people = [...before.releases, state.by].join(", ");
    faults.push({ where, what: `releases the kill switch by fewer than two people: ${people}` });
  }
  return faults;
}

/** What a state keeps an entry from, as a reason; undefined if nothing. */
function stopOf(
  { promoting, recovery }: MeshRecord,
  { releases, incidents, tasks }: ControlState,
  entry: JournalEntry,
): string | undefined {
  if (entry.stage === recovery) return undefined;
  const promotes = promoting.includes(entry.stage);
  if (promotes && releases !== null) return "the kill switch is engaged";
  const frozen = incidents.find(({ id, candidateId, lane }) => {
    if (id === entry.incident) return false;
    return (
      (candidateId ?? entry.candidateId) === entry.candidateId &&
      (lane ?? entry.holder) === entry.holder
    );
  });
  if (frozen) return `${frozen.id} freezes it`;
  return promotes && tasks > 0 ? "a change isn't in Git yet" : undefined;
}

function dispatchFaults(record: MeshRecord, entry: JournalEntry): Violation[] {
  const { controls } = record;
  const where = `JOURNAL ${entry.sequence} (${entry.candidateId})`;
  const what = `is handed to ${entry.holder} for ${entry.stage}`;
  const own = controls.find(({ sequence }) => sequence === entry.controls);
  const decided = own && stopOf(record, own, entry);
  if (decided !== undefined)
    return [{ where, what: `${what} although under CONTROLS ${entry.controls} ${decided}` }];
  const held = statesOf(controls, entry.storedAt);
  const stops = held.map((state) => stopOf(record, state, entry));
  if (held.length === 0 || stops.includes(undefined)) return [];
  return [{ where, what: `${what} although for more than a second ${stops[0]}` }];
}

function twiceTaken(entries: readonly JournalEntry[]): Violation[] {
  const faults: Violation[] = [];
  const taken = new Map<string, number>();
  for (const { sequence, candidateId, cause } of entries) {
    if (cause.incident === undefined) continue;
    const key = `${candidateId} ${cause.incident}`;
    const earlier = taken.get(key);
    if (earlier === undefined) taken.set(key, sequence);
    else {
      const what = `is led to recovery by ${cause.incident} a second time, after JOURNAL ${earlier}`;
      faults.push({ where: `JOURNAL ${sequence} (${candidateId})`, what });
    }
  }
  return faults;
}
