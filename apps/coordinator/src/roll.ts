/**
 * Which candidates the mesh's controls may concern: those that wait for a stop to be lifted, that recover from an incident,
 * or whose strategy was promoted. By what is known of the journal: whoever acts on it lets the core decide on the candidate's
 * last entry.
 */
import type { Incident } from "@baton/contracts";
import type { Whereabout, Whereabouts } from "@baton/folds";
import { isPromoted, type Playbook } from "@baton/playbook";

/** What is known of open candidates. */
export interface Roll {
  /** Candidates that wait for a stop to be lifted, and under which controls they were stopped. */
  stopped(): { readonly candidateId: string; readonly controls: number }[];
  /** Candidates that an incident may lead to recovery and hasn't. */
  partOf(incident: Incident): string[];
  /** Candidates that the incident led to recovery and that are still open. */
  recovering(incidentId: string): string[];
}

/** `playbookOf`: a playbook that is at hand; undefined counts as promoted. */
export function openRoll(
  known: { readonly whereabouts: Whereabouts },
  playbookOf: (digest: string) => Playbook | undefined,
): Roll {
  const namesOf = (wanted: (one: Whereabout) => boolean): string[] =>
    [...known.whereabouts].flatMap(([candidateId, one]) => (wanted(one) ? [candidateId] : []));
  const mayRun = ({ promoted }: Whereabout): boolean => {
    if (typeof promoted === "boolean") return promoted;
    const playbook = playbookOf(promoted.playbook);
    return playbook === undefined || isPromoted(playbook, promoted);
  };
  return {
    stopped: () =>
      [...known.whereabouts].flatMap(([candidateId, { stoppedUnder }]) =>
        stoppedUnder === null ? [] : [{ candidateId, controls: stoppedUnder }],
      ),
    partOf: ({ id, scope }) => {
      if (scope.kind !== "candidate")
        return namesOf((one) => !one.incidents.includes(id) && mayRun(one));
      const isKnown = known.whereabouts.get(scope.candidateId)?.incidents.includes(id) === true;
      return isKnown ? [] : [scope.candidateId];
    },
    recovering: (incidentId) => namesOf(({ incidents }) => incidents.includes(incidentId)),
  };
}
