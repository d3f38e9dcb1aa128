/**
 * Which candidates the mesh's controls may concern: those that wait for a stop to be lifted, that recover from an incident,
 * or whose strategy was promoted. Memory only, by the latest entry noted of each: whoever acts on it lets the core decide on
 * the candidate's last entry.
 */
import { type Incident, incidentsOf, type StoredEntry } from "@baton/contracts";
import { isPromoted, isStopped, type Playbook } from "@baton/playbook";

/** What is known of open candidates. */
export interface Roll {
  note(stored: StoredEntry): void;
  /** Candidates that wait for a stop to be lifted, and under which controls they were stopped. */
  stopped(): { readonly candidateId: string; readonly controls: number }[];
  /** Candidates that an incident may lead to recovery and hasn't. */
  partOf(incident: Incident): string[];
  /** Candidates that the incident led to recovery and that are still open. */
  recovering(incidentId: string): string[];
}

interface Place {
  readonly n: number;
  /** Sequence of the controls it was stopped under; undefined if it isn't stopped. */
  readonly stoppedUnder: number | undefined;
  /** Those that it recovers from. */
  readonly incidents: readonly string[];
  readonly promoted: boolean;
}

/** Nothing is known at the beginning. `playbookOf`: a playbook that is at hand; undefined counts as promoted. */
export function openRoll(playbookOf: (digest: string) => Playbook | undefined): Roll {
  const places = new Map<string, Place>();
  const namesOf = (wanted: (place: Place) => boolean): string[] =>
    [...places].flatMap(([candidateId, place]) => (wanted(place) ? [candidateId] : []));
  return {
    note: ({ entry }) => {
      const { candidateId, n, holder } = entry;
      if ((places.get(candidateId)?.n ?? 0) > n) return;
      const playbook = playbookOf(entry.playbook);
      const place: Place = {
        n,
        stoppedUnder: isStopped(entry) ? (entry.controls ?? 0) : undefined,
        incidents: incidentsOf(entry),
        promoted: playbook === undefined || isPromoted(playbook, entry),
      };
      const concerned =
        place.stoppedUnder !== undefined || place.incidents.length > 0 || place.promoted;
      if (holder !== "closed" && concerned) places.set(candidateId, place);
      else places.delete(candidateId);
    },
    stopped: () =>
      [...places].flatMap(([candidateId, { stoppedUnder }]) =>
        stoppedUnder === undefined ? [] : [{ candidateId, controls: stoppedUnder }],
      ),
    partOf: ({ id, scope }) => {
      if (scope.kind !== "candidate")
        return namesOf(({ promoted, incidents }) => promoted && !incidents.includes(id));
      const known = places.get(scope.candidateId)?.incidents.includes(id) === true;
      return known ? [] : [scope.candidateId];
    },
    recovering: (incidentId) => namesOf(({ incidents }) => incidents.includes(incidentId)),
  };
}
