/** Entries with all that they rest on (basis.ts), and how they are made to say it once. Pure. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

import type { ArtifactRef } from "./artifact.ts";
import type { Basis, Feedback, Whole } from "./basis.ts";
import { Entry, type EvidenceRecord, type HashedEntry } from "./entry.ts";
import type { Sha256 } from "./names.ts";

/** An entry with all that it rests on; `basis` is what it says of that itself. */
export type WholeEntry = Entry & Whole & { readonly evidence: EvidenceRecord | null };

/** What an entry brought that later ones may name. */
export interface Brought {
  readonly sequence: number;
  readonly sha256: Sha256;
  readonly basis: Basis;
}

/** A whole entry as the journal stored it, with the earlier ones that it names: what its successor is made from. */
export interface StoredWhole {
  readonly sequence: number;
  readonly sha256: Sha256;
  readonly entry: WholeEntry;
  readonly earlier: readonly Brought[];
}

/** An entry names earlier ones that aren't there, or aren't what it was decided on: nothing may be decided on it. */
export class BasisBroken extends Error {
  override readonly name = "BasisBroken";
  readonly code = "E_BASIS";
  readonly action =
    "`baton doctor --deep` says what of the journal is lost; put the stored messages back from a copy of the store, then what waits goes on.";
}

/** What `entry` brought. */
export function broughtBy({
  sequence,
  sha256: digest,
  entry,
}: Omit<Brought, "basis"> & { readonly entry: Pick<Entry, "basis"> }): Brought {
  return { sequence, sha256: digest, basis: entry.basis };
}

/** The entry as it is stored: its keys in the schema's order, so that the same values are the same bytes (J10). */
export function wireOf(whole: WholeEntry): Entry {
  const {
    spec: _s,
    artifacts: _a,
    feedback: _f,
    walkForward: _w,
    gatePolicy: _g,
    ...entry
  } = whole;
  const { made = [] } = whole.basis;
  const { evidence } = whole;
  const slim =
    evidence && isAllNew(evidence, madeIn({ made })) ? withoutArtifacts(evidence) : evidence;
  const ordered = KEYS.flatMap((key) => (key in entry ? [[key, Reflect.get(entry, key)]] : []));
  return { ...Object.fromEntries(ordered), ...entry, evidence: slim };
}

const KEYS = Object.keys(Entry.shape);

/** B3: what was found is that each of these is present. */
function isAllNew({ artifacts }: EvidenceRecord, made: readonly ArtifactRef[]): boolean {
  const names = Object.keys(artifacts);
  return (
    made.length > 0 &&
    names.length === made.length &&
    made.every(({ name }) => Object.hasOwn(artifacts, name) && artifacts[name] === "present")
  );
}

function withoutArtifacts({ artifacts: _all, ...evidence }: EvidenceRecord): Entry["evidence"] {
  return evidence;
}

/** All that the entry rests on. Throws `BasisBroken` unless `brought` has what it names. */
export function basisOf(
  { basis, candidateId, n }: Pick<Entry, "basis" | "candidateId" | "n">,
  brought: readonly Brought[],
): Whole {
  const where = `entry ${n} of ${candidateId}`;
  const earlier = namedIn(basis, brought, where);
  const all = [...earlier.map((one) => one.basis), basis];
  const { spec, walkForward, gatePolicy } = all.find((one) => one.spec !== undefined) ?? {};
  if (spec === undefined)
    throw new BasisBroken(`${where} has no specification, nor does an entry that it names`);
  return {
    spec,
    artifacts: all.flatMap(madeIn),
    feedback: all.flatMap((one) => one.feedback ?? []),
    ...(walkForward && { walkForward }),
    ...(gatePolicy !== undefined && { gatePolicy }),
  };
}

/** The entry with all that it rests on. Throws `BasisBroken` unless `brought` has what it names. */
export function wholeOf(entry: Entry, brought: readonly Brought[]): WholeEntry {
  const { basis, evidence } = entry;
  const whole = basisOf(entry, brought);
  const allNew = Object.fromEntries(madeIn(basis).map(({ name }) => [name, "present" as const]));
  // First, as whoever verified it wrote it: what is carried on stays the same bytes.
  const found = evidence && { artifacts: allNew, ...evidence };
  return {
    ...entry,
    evidence: found && { ...found, artifacts: found.artifacts ?? allNew },
    ...whole,
  };
}

function namedIn(basis: Basis, brought: readonly Brought[], where: string): readonly Brought[] {
  const { earlier: sequences = [], sha256: said } = basis;
  const earlier = sequences.map((sequence) => {
    const found = brought.find((one) => one.sequence === sequence);
    if (found) return found;
    throw new BasisBroken(`${where} names JOURNAL ${sequence}, which isn't there`);
  });
  if (earlier.length === 0 && said === undefined) return [];
  if (digestOf(earlier) === said) return earlier;
  throw new BasisBroken(
    `${where} names JOURNAL ${sequences.join(", ")}, of which at least one isn't what it was decided on`,
  );
}

/** The earlier entries that a successor of `last` names. */
export function earlierOf(
  { earlier = [] }: Basis,
  last: StoredWhole | undefined,
): readonly Brought[] {
  const known = last ? [...last.earlier, broughtBy(last)] : [];
  return known.filter(({ sequence }) => earlier.includes(sequence));
}

/**
 * The successor of `last` with what it says of its basis and of `last` (B1). What can't be told by naming earlier entries in
 * their order is said again: that is longer, never wrong.
 */
export function withBasis(entry: WholeEntry, last: StoredWhole | undefined): WholeEntry {
  const { spec, walkForward, gatePolicy, artifacts, feedback } = entry;
  const earlier: Brought[] = [];
  const told: { artifacts: number; feedback: number } = { artifacts: 0, feedback: 0 };
  for (const one of last ? [...last.earlier, broughtBy(last)] : []) {
    const made = madeIn(one.basis);
    const { feedback: said = [] } = one.basis;
    const fits =
      made.every((ref, index) => isSameRef(ref, artifacts[told.artifacts + index])) &&
      said.every((it, index) => isSame(it, feedback[told.feedback + index]));
    // What only a newer release knows of is brought too.
    const brings = Object.keys(one.basis).some((key) => key !== "earlier" && key !== "sha256");
    if (!fits || !brings) continue;
    earlier.push(one);
    told.artifacts += made.length;
    told.feedback += said.length;
  }
  const isSaid = earlier.some((one) => one.basis.spec !== undefined);
  const made = groups(artifacts.slice(told.artifacts));
  const fresh = feedback.slice(told.feedback);
  const basis: Basis = {
    ...(!isSaid && {
      spec,
      ...(walkForward && { walkForward }),
      ...(gatePolicy !== undefined && { gatePolicy }),
    }),
    ...(made.length > 0 && { made }),
    ...(fresh.length > 0 && { feedback: fresh }),
    ...(earlier.length > 0 && {
      earlier: earlier.map(({ sequence }) => sequence),
      sha256: digestOf(earlier),
    }),
  };
  return { ...entry, prevSha256: last?.sha256 ?? null, basis };
}

/** A candidate's entries from its first one on, each with all that it rests on. Throws `BasisBroken`. */
export function foldWhole(entries: readonly HashedEntry[]): StoredWhole[] {
  const brought = new Map<number, Brought>();
  return entries.map((stored) => {
    const { sequence, sha256: digest, entry } = stored;
    const earlier = (entry.basis.earlier ?? []).flatMap((at) => brought.get(at) ?? []);
    brought.set(sequence, broughtBy(stored));
    return { sequence, sha256: digest, entry: wholeOf(entry, earlier), earlier };
  });
}

function digestOf(earlier: readonly Brought[]): Sha256 {
  return bytesToHex(sha256(utf8ToBytes(earlier.map((one) => one.sha256).join(""))));
}

/** Artifacts that are new with an entry that says so of its basis. */
export function madeIn({ made = [] }: Pick<Basis, "made">): ArtifactRef[] {
  return made.flatMap(({ stage, runId, artifacts }) =>
    artifacts.map((content) => ({ ...content, stage, runId })),
  );
}

/** Artifacts by the stage run that made them, in their order. */
function groups(artifacts: readonly ArtifactRef[]): NonNullable<Basis["made"]> {
  const made: NonNullable<Basis["made"]> = [];
  for (const { stage, runId, ...content } of artifacts) {
    const open = made.at(-1);
    if (open?.stage === stage && open.runId === runId) open.artifacts.push(content);
    else made.push({ stage, runId, artifacts: [content] });
  }
  return made;
}

function isSameRef(ref: ArtifactRef, other: ArtifactRef | undefined): boolean {
  return (
    other !== undefined &&
    ref.name === other.name &&
    ref.sha256 === other.sha256 &&
    ref.stage === other.stage &&
    ref.runId === other.runId &&
    ref.bytes === other.bytes
  );
}

function isSame(one: Feedback, other: Feedback | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
