/** What runs, held against what the journal says should: main's tree, the broker's accounts, the candidates. Pure. */
import type { RampLevel, UnclaimedAccount } from "@baton/artifacts";
import type { Entry, WholeEntry } from "@baton/contracts";
import { drillPrefixOf, isPromoted, type Playbook, promotes, recoveryStage } from "@baton/playbook";

import { DRILLED, type Unaccounted } from "./account-for.ts";

/** What the journal says of a candidate's strategy; `changing`: a stage is at work on it, or nobody can say. */
export type Wanted = "runs" | "changing" | "out";

/** A candidate by its last entry. */
export interface Promotion {
  readonly candidateId: string;
  readonly stage: string;
  readonly reason: string;
  readonly wanted: Wanted;
  /** Where its ramp ended; undefined where none has, or one is under way. */
  readonly level: RampLevel | undefined;
}

/** What there is. */
export interface Found {
  /** Strategies in main's tree with their level; undefined where the file doesn't say. */
  readonly main: ReadonlyMap<string, RampLevel | undefined>;
  /** Files that the journal doesn't account for, by candidate, with the reason. */
  readonly unaccounted: ReadonlyMap<string, Unaccounted>;
  /** Commit of the latest action that main was moved back behind, by candidate. */
  readonly undone: ReadonlyMap<string, string>;
  /** Accounts that hold what main doesn't ask for, as the engine knows; undefined where it doesn't answer. */
  readonly unclaimed: readonly UnclaimedAccount[] | undefined;
}

interface Common {
  readonly candidateId: string;
  /** Main was moved back behind this commit; null where it wasn't. */
  readonly undone: string | null;
}

/** One difference. */
export type Difference =
  /** The journal says that it runs, main doesn't have it. `held`: what its account still has; null where nobody says. */
  | (Common & {
      readonly kind: "missing";
      readonly stage: string;
      readonly held: UnclaimedAccount["positions"] | null;
    })
  | (Common & { readonly kind: "level"; readonly wants: RampLevel; readonly has: RampLevel })
  /** Main has it otherwise than the journal accounts for. */
  | (Common & { readonly kind: "unaccounted"; readonly problem: Unaccounted })
  /** Main has it, the journal says that nothing of it runs. */
  | (Common & { readonly kind: "unwanted"; readonly reason: string })
  /** Main has it, and no entry is of it. */
  | (Common & { readonly kind: "unknown" })
  /** The broker holds it, neither main nor the journal know of it. */
  | (Common & { readonly kind: "held"; readonly held: UnclaimedAccount["positions"] });

/** What an entry says of its strategy. */
export function wantedBy(entry: WholeEntry, playbook: Playbook): Wanted {
  if (!isPromoted(playbook, entry)) return "out";
  if (entry.holder === "closed") return entry.reason === "COMPLETED" ? "runs" : "changing";
  if (entry.stage === recoveryStage(playbook)) return "changing";
  const rule = playbook.stages.get(entry.stage);
  if (!rule || !promotes(rule) || isDone(entry)) return "runs";
  const isPromoting = (stage: string): boolean => {
    const other = playbook.stages.get(stage);
    return stage !== entry.stage && other !== undefined && promotes(other);
  };
  return entry.visited.some(isPromoting) ? "runs" : "changing";
}

/** True if its stage's result is decided on. */
export function isDone({ awaits, kept, artifacts, stage, runId }: WholeEntry): boolean {
  return (
    awaits === null &&
    kept === null &&
    artifacts.some((one) => one.stage === stage && one.runId === runId)
  );
}

/** What the names of the strategies begin with that the drills under way bring to main, and take out again. */
export function drillsOf(entries: readonly Entry[]): string[] {
  return entries
    .filter(({ stage, awaits }) => stage === DRILLED && awaits !== null)
    .map(({ runId }) => drillPrefixOf(runId));
}

/** All differences; `known`: every candidate that has an entry, `drills` as `drillsOf` gives them. */
export function compareRunning(
  promotions: readonly Promotion[],
  { known, drills }: { readonly known: ReadonlySet<string>; readonly drills: readonly string[] },
  found: Found,
): Difference[] {
  const isKnown = (name: string): boolean =>
    known.has(name) || drills.some((prefix) => name.startsWith(prefix));
  const { main, undone, unclaimed } = found;
  const common = (candidateId: string): Common => ({
    candidateId,
    undone: undone.get(candidateId) ?? null,
  });
  const unknown = [...main.keys()].filter((candidateId) => !isKnown(candidateId));
  const strangers = unclaimed?.filter(({ account }) => !isKnown(account)) ?? [];
  return [
    ...promotions.flatMap((one) => differencesOf(one, found, common(one.candidateId))),
    ...unknown.map((id) => ({ kind: "unknown" as const, ...common(id) })),
    ...strangers.map(({ account, positions: held }) => ({
      kind: "held" as const,
      ...common(account),
      held,
    })),
  ];
}

function differencesOf(
  { candidateId, stage, reason, wanted, level: wants }: Promotion,
  { main, unclaimed, unaccounted }: Found,
  common: Common,
): Difference[] {
  const has = main.get(candidateId);
  if (wanted === "runs" && !main.has(candidateId)) {
    const account = unclaimed?.find((one) => one.account === candidateId);
    const held = unclaimed === undefined ? null : (account?.positions ?? []);
    return [{ kind: "missing", ...common, stage, held }];
  }
  if (wanted === "runs" && wants !== undefined && has !== undefined && has !== wants)
    return [{ kind: "level", ...common, wants, has }];
  if (wanted === "out" && main.has(candidateId)) return [{ kind: "unwanted", ...common, reason }];
  const problem = unaccounted.get(candidateId);
  return problem ? [{ kind: "unaccounted", ...common, problem }] : [];
}
