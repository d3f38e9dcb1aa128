/**
 * Where open candidates stand, as far as a coordinator's sweeps and the mesh's controls ask: what lanes have and since when, what
 * waits for a lane's workers or for what is away, what was stopped, what recovers, what was promoted.
 */
import {
  awaitedDispatch,
  Holder,
  incidentsOf,
  isLane,
  Lane,
  Sha256,
  Stage,
  type StoredEntry,
} from "@baton/contracts";
import { instantMs, isStopped, waitsForService, waitsForWorkers } from "@baton/playbook";
import { z } from "zod";

import type { Fold } from "./fold.ts";

/** A dispatch whose result is awaited. */
const Awaited = z.object({
  lane: Lane,
  /** Its sequence. */
  dispatch: z.int().positive(),
  sinceMs: z.int(),
  /** When the coordinator acts; null while people are asked. */
  dueMs: z.int().nullable(),
  /** It waits for its lane's workers: with its lane, or asked about. */
  unmanned: z.enum(["waiting", "asked"]).nullable(),
  /** It waits for what is away: with its lane, or asked about. */
  away: z.enum(["waiting", "asked"]).nullable(),
});

const Whereabout = z.object({
  /** Of its last entry. */
  n: z.int().positive(),
  holder: Holder,
  awaited: Awaited.nullable(),
  /** Sequence of the controls it was stopped under; null if it isn't stopped. */
  stoppedUnder: z.int().min(0).nullable(),
  /** Those that it recovers from. */
  incidents: z.array(z.string()),
  /** What its entry says of itself, or the playbook and the stages that tell. */
  promoted: z.union([z.boolean(), z.object({ playbook: Sha256, visited: z.array(Stage) })]),
});

/** Where an open candidate stands. */
export type Whereabout = Readonly<z.infer<typeof Whereabout>>;

/** Open candidates by id. */
export type Whereabouts = ReadonlyMap<string, Whereabout>;

const PackedWhereabouts = z.array(z.tuple([z.string(), Whereabout]));

/** The fold. */
export const whereabouts: Fold<Map<string, Whereabout>> = {
  name: "whereabouts",
  version: 1,
  needs: "last",
  empty: () => new Map(),
  apply: (state, message) => {
    const { at, fenced, sequence } = message;
    if (!at) return state;
    const { candidateId } = at;
    // Nothing follows the end, and it needn't be parsed.
    const entry = fenced && at.holder === "closed" ? undefined : message.entry;
    // What this process appended is told at once, and what others did only when it's read.
    if (entry && (state.get(candidateId)?.n ?? 0) > entry.n) return state;
    if (entry && entry.holder !== "closed")
      state.set(candidateId, whereaboutOf({ sequence, entry }));
    else if (entry || fenced) state.delete(candidateId);
    return state;
  },
  pack: (state) => [...state].map(([candidateId, one]) => [candidateId, { ...one }]),
  unpack: (packed) => {
    const { data } = PackedWhereabouts.safeParse(packed);
    return data && new Map(data);
  },
};

function whereaboutOf(stored: StoredEntry): Whereabout {
  const { entry } = stored;
  const { playbook, visited } = entry;
  return {
    n: entry.n,
    holder: entry.holder,
    awaited: awaitedOf(stored) ?? null,
    stoppedUnder: isStopped(entry) ? (entry.controls ?? 0) : null,
    incidents: [...incidentsOf(entry)],
    promoted: entry.promoted ?? { playbook, visited },
  };
}

function awaitedOf(stored: StoredEntry): Whereabout["awaited"] | undefined {
  const { entry } = stored;
  const dispatch = awaitedDispatch(stored);
  if (dispatch === undefined || entry.deadline === null) return undefined;
  const about = { dispatch, sinceMs: instantMs(entry.time) };
  const away = waitsForService(entry) ? "waiting" : null;
  const unmanned = waitsForWorkers(entry) ? "waiting" : null;
  if (isLane(entry.holder)) {
    const dueMs = instantMs(entry.deadline);
    return { ...about, lane: entry.holder, dueMs, unmanned, away };
  }
  const { cause } = entry;
  if (entry.holder !== "review") return undefined;
  const asked = { ...about, dueMs: null };
  if (cause.kind === "no-workers") return { ...asked, lane: cause.lane, unmanned: "asked", away };
  if (cause.kind === "service-away") return { ...asked, lane: cause.lane, unmanned, away: "asked" };
  return undefined;
}
