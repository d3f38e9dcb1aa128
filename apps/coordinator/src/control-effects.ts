/**
 * Makes candidates follow the mesh's controls: leads those that are part of an incident to recovery, lets go on what was
 * stopped, ends emergencies whose time is over.
 *
 * E1: what is told again and again changes nothing twice: the core decides on the candidate's last entry.
 * E2: whatever fails is tried again at the next look.
 */
import type { Controls, Incident } from "@baton/contracts";
import type { ControlWatch } from "@baton/mesh";
import type { Happening } from "@baton/playbook";
import type { Log } from "@baton/telemetry";

import type { ControlDesk } from "./control-desk.ts";
import type { Settled } from "./coordinator.ts";
import type { Roll } from "./roll.ts";

/** What it works with. */
export interface ControlEffectsParts {
  readonly watch: Pick<ControlWatch, "current">;
  readonly desk: ControlDesk;
  readonly roll: Roll;
  /** Brings the roll up to date with what others appended. */
  readonly catchUp: () => Promise<void>;
  readonly settle: (candidateId: string, happening: Happening) => Promise<Settled>;
  readonly log: Log;
}

/** Applies the controls. */
export interface ControlEffects {
  /** One look; returns when what follows is decided. Looks at the same time are one. */
  look(): Promise<void>;
}

/** Decided at a time. */
const AT_ONCE = 32;

/** What a look found done, so that the next one needn't ask again. */
interface Done {
  /** Candidates that an open incident was held against. */
  readonly asked: Map<string, Set<string>>;
  /** Controls under which a stopped candidate was last held. */
  readonly lookedUnder: Map<string, number>;
  /** Controls that the last look saw. */
  seen: number;
}

/** Starts with nothing done. */
export function openControlEffects(parts: ControlEffectsParts): ControlEffects {
  const done: Done = { asked: new Map(), lookedUnder: new Map(), seen: 0 };
  let looking: Promise<void> | undefined;
  let again = false;
  const run = async (): Promise<void> => {
    do {
      again = false;
      await lookOnce(parts, done);
    } while (again);
  };
  return {
    look: () => {
      again = true;
      looking ??= run().finally(() => (looking = undefined));
      return looking;
    },
  };
}

async function lookOnce(parts: ControlEffectsParts, done: Done): Promise<void> {
  const current = parts.watch.current();
  if (!current) return;
  const { sequence, controls } = current;
  if (sequence !== done.seen) await parts.catchUp();
  done.seen = sequence;
  if (hasOverEmergency(controls)) await parts.desk.settle({ kind: "expired" });
  for (const id of done.asked.keys())
    if (!controls.incidents.some((one) => one.id === id)) done.asked.delete(id);
  for (const incident of controls.incidents) await lead(parts, incident, done);
  await lift(parts, sequence, done);
}

function hasOverEmergency({ incidents }: Controls): boolean {
  const now = Date.now();
  return incidents.some(
    ({ emergency }) => emergency && !emergency.ended && Date.parse(emergency.until) <= now,
  );
}

async function lead(parts: ControlEffectsParts, incident: Incident, done: Done): Promise<void> {
  const asked = done.asked.get(incident.id) ?? new Set();
  done.asked.set(incident.id, asked);
  const names = parts.roll.partOf(incident).filter((name) => !asked.has(name));
  const happening = { kind: "incident", incidentId: incident.id } as const;
  await each(parts, names, async (candidateId) => {
    await parts.settle(candidateId, happening);
    asked.add(candidateId);
  });
}

async function lift(parts: ControlEffectsParts, sequence: number, done: Done): Promise<void> {
  const stopped = parts.roll.stopped();
  const names = new Set(stopped.map(({ candidateId }) => candidateId));
  for (const name of done.lookedUnder.keys()) if (!names.has(name)) done.lookedUnder.delete(name);
  const due = stopped
    .filter(
      ({ candidateId, controls }) =>
        controls !== sequence && done.lookedUnder.get(candidateId) !== sequence,
    )
    .map(({ candidateId }) => candidateId);
  await each(parts, due, async (candidateId) => {
    await parts.settle(candidateId, { kind: "lifted" });
    done.lookedUnder.set(candidateId, sequence);
  });
}

async function each(
  { log }: ControlEffectsParts,
  names: readonly string[],
  work: (candidateId: string) => Promise<void>,
): Promise<void> {
  for (let from = 0; from < names.length; from += AT_ONCE) {
    await Promise.all(
      names
        .slice(from, from + AT_ONCE)
        .map((candidateId) =>
          work(candidateId).catch((error: unknown) =>
            log.error({ candidateId, err: error }, "controls not applied; tried again"),
          ),
        ),
    );
  }
}
