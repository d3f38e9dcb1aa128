/** What the mesh's controls tell about a candidate, from its submission to the dispatch that seals it. */
import type { Incident, StoredControls } from "@baton/contracts";
import { controlHistory } from "@baton/mesh";
import { controlChangeText } from "@baton/views";

import type { ControlsReader, JournalEntry } from "./ports.ts";

/**
 * The states that a candidate lived under, the oldest first; the first one held when it was submitted, and none that an entry was
 * decided under is left out.
 */
export async function controlsOf(
  entries: readonly JournalEntry[],
  controls: ControlsReader,
): Promise<readonly StoredControls[]> {
  const sequence = entries.at(-1)?.entry.controls;
  if (sequence === undefined) return [];
  const submitted = entries[0]?.time ?? "";
  const last = await controls.at(sequence);
  const first = Math.min(...entries.map(({ entry }) => entry.controls ?? sequence));
  const states = await controlHistory(
    controls,
    last,
    (state) => state.controls.time > submitted || state.sequence > first,
  );
  return states.toReversed();
}

/** Every change with who asked for it and why; then what concerned this candidate, with when it was over. */
export function controlsSection(states: readonly StoredControls[], candidateId: string): unknown {
  const incidents = spans(
    states,
    ({ controls }) => controls.incidents,
    ({ id }) => id,
  ).filter(({ scope }) => concerns(scope, candidateId));
  const emergencies = spans(
    states,
    ({ controls }) =>
      controls.incidents.flatMap(({ id, emergency }) =>
        emergency?.scope === candidateId ? [{ ...emergency, incidentId: id }] : [],
      ),
    ({ commandId }) => commandId,
  );
  return {
    carriesCommands: true,
    entries: states.map(({ sequence, controls, controls: { time, cause } }) => ({
      sequence,
      time,
      detail: controlChangeText(controls),
      cause,
    })),
    incidents,
    emergencies,
    tasks: spans(
      states,
      ({ controls }) => controls.tasks,
      ({ id }) => id,
    ).filter(({ scope }) => scope === candidateId),
    killSwitch: spans(
      states,
      ({ controls: { killSwitch } }) => (killSwitch ? [killSwitch] : []),
      ({ commandId }) => commandId,
    ),
  };
}

/** A lane's incident concerns every candidate: each passes every lane. */
function concerns(scope: Incident["scope"], candidateId: string): boolean {
  return scope.kind !== "candidate" || scope.candidateId === candidateId;
}

/** Each thing once, as it was seen last, with the sequences of the states that had it first and no more; null while it lasts. */
function spans<T>(
  states: readonly StoredControls[],
  of: (state: StoredControls) => readonly T[],
  idOf: (one: T) => string,
): (T & { readonly from: number; readonly until: number | null })[] {
  const found = new Map<string, T & { from: number; until: number | null }>();
  for (const state of states) {
    const present = new Map(of(state).map((one) => [idOf(one), one]));
    for (const [id, one] of present)
      found.set(id, { ...one, from: found.get(id)?.from ?? state.sequence, until: null });
    for (const [id, one] of found)
      if (!present.has(id)) found.set(id, { ...one, until: one.until ?? state.sequence });
  }
  return [...found.values()];
}
