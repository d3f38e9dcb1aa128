/**
 * Whether a candidate's journal accounts for its file on main: who may push there says what runs no more than the journal lets
 * them. The engine asks before it increases anything, `baton doctor` says the same. Pure.
 *
 * A1: what wants no position needs no account: taking out is everybody's who may push.
 * A2: while its stage is at work, lane E may put there what that stage puts there: L0 of its own run in shadow-paper, any level
 *     in live-ramp. So the dispatch accounts for the file before the stage has reported.
 * A3: else the file is the one that shadow-paper reported, by its digest; a ramp changes its limits and nothing else.
 * A4: a level above L0 is accounted for by a ramp that began and that didn't end at L0; people approved that it begins.
 * A5: what shadow-paper didn't report, lane E stored in its own name before it put it on main: whoever may only push can't.
 */
import {
  CandidateSpec,
  RAMP_LEVELS,
  type RampLevel,
  type StrategyLimits,
  type StrategySettings,
} from "@baton/artifacts";
import { canonicalJson, type Entry, type WholeEntry } from "@baton/contracts";
import { digestOf, drillPrefixOf, notionalAt } from "@baton/playbook";

import { drillStrategy } from "./drill-strategy.ts";
import { strategyText } from "./strategy-text.ts";

/** What a file on main says. */
export interface StrategyOnMain {
  readonly settings: StrategySettings;
  readonly limits: StrategyLimits;
}

/** Why a file isn't accounted for. */
export type Unaccounted =
  /** No entry is of the candidate. */
  | { readonly why: "unknown" }
  /** Nothing of the candidate was promoted, or recovery took it out. */
  | { readonly why: "not-promoted"; readonly stage: string; readonly reason: string }
  /** People ended the candidate. */
  | { readonly why: "ended"; readonly reason: string }
  /** Its drill's strategy isn't what drills are, or nobody is at a drill. */
  | { readonly why: "no-drill" }
  /** Nobody changed it: recovery, which has to take it down, hasn't come to it. `holder`: who has the baton. */
  | { readonly why: "recovering"; readonly has: RampLevel; readonly holder: string }
  | { readonly why: "level"; readonly has: RampLevel; readonly allowed: RampLevel }
  | { readonly why: "notional"; readonly has: number; readonly allowed: number }
  /** Lane E stored no file of that digest (A5). */
  | { readonly why: "not-written"; readonly has: string }
  /** It isn't what shadow-paper reported; null: nothing was reported. */
  | { readonly why: "strategy"; readonly has: string; readonly reported: string | null };

/** `out`: nothing of it may run. `held`: it may be decreased, and not increased. */
export type Account =
  | { readonly kind: "accounted" }
  | { readonly kind: "out" | "held"; readonly problem: Unaccounted };

const SHADOW = "shadow-paper";
const RAMP = "live-ramp";
const RECOVERY = "incident-recovery";
/** Where lane F tries on main whether what will be promoted can be taken back. */
export const DRILLED = "rollback-readiness";
const PATCH = "paper-candidate/strategy-configmap-patch.yaml";
/** Name of the file that main has when a ramp ends. */
export const RAMPED_STRATEGY = "paper-candidate/strategy-ramped.yaml";
const ACCOUNTED: Account = { kind: "accounted" };
const Promotion = CandidateSpec.shape.promotion;
type PromotionAsked = CandidateSpec["promotion"];

/** A1. */
export function wantsNothing({ limits }: Pick<StrategyOnMain, "limits">): boolean {
  return !limits.enabled || limits.notional === 0;
}

/** What a file is held against. */
export interface AccountedBy {
  readonly last: WholeEntry | undefined;
  /** The last entry of the run that the file names, where that is an earlier one: it runs on while a new run is on its way. */
  readonly ofRun?: WholeEntry | undefined;
  /** Whether lane E stored a file with the digest that `writtenAs` gives. */
  readonly written: boolean;
}

/** Holds the file against its candidate's last entry. */
export function accountFor(file: StrategyOnMain, by: AccountedBy): Account {
  if (wantsNothing(file)) return ACCOUNTED;
  const { last } = by;
  if (last === undefined || last.candidateId !== file.settings.candidateId)
    return { kind: "out", problem: { why: "unknown" } };
  const { stage, reason, holder } = last;
  if (!(last.promoted ?? last.visited.includes(SHADOW)))
    return { kind: "out", problem: { why: "not-promoted", stage, reason } };
  if (holder === "closed" && reason !== "COMPLETED")
    return { kind: "held", problem: { why: "ended", reason } };
  const problem = problemIn(file, { ...by, last });
  return problem ? { kind: "held", problem } : ACCOUNTED;
}

/** A5: the digest under which lane E stored the file, at its level's whole notional; undefined if that doesn't matter. */
export function writtenAs(
  file: StrategyOnMain,
  by: Omit<AccountedBy, "written">,
): string | undefined {
  const promotion = by.last && promotionIn(sourceOf(by.last, by.ofRun));
  return promotion && !wantsNothing(file)
    ? digestAt(file, file.limits.level, promotion)
    : undefined;
}

/** Recovery may bring back what an earlier run had there. */
function sourceOf(last: WholeEntry, ofRun: WholeEntry | undefined): WholeEntry {
  const isBrought = patchIn(last) === undefined || last.stage === RECOVERY;
  return isBrought && ofRun ? ofRun : last;
}

function problemIn(
  file: StrategyOnMain,
  { last, ofRun, written }: AccountedBy & { readonly last: WholeEntry },
): Unaccounted | undefined {
  const { settings, limits } = file;
  const { level: has, notional } = limits;
  const source = sourceOf(last, ofRun);
  const isRecovering = last.stage === RECOVERY;
  const allowed = isRecovering ? "L0" : levelIn(source);
  const isBelow = (most: RampLevel): boolean =>
    RAMP_LEVELS.indexOf(has) <= RAMP_LEVELS.indexOf(most);
  if (!isBelow(allowed) && !(isRecovering && isBelow(levelIn(source))))
    return { why: "level", has, allowed };
  const promotion = promotionIn(source);
  const most = promotion ? notionalAt(has, promotion) : 0;
  if (!promotion || notional > most) return { why: "notional", has: notional, allowed: most };
  const asWritten = digestAt(file, has, promotion);
  // A2: what the stage will report isn't known yet.
  const isAtIt = source === last && last.awaits !== null && last.holder.startsWith("lane-");
  const isNew = isAtIt && last.stage === SHADOW && settings.runId === last.runId;
  if (isNew && patchIn(last)?.runId !== last.runId)
    return written ? undefined : { why: "not-written", has: asWritten };
  const digest = digestAt(file, "L0", promotion);
  const reported = patchIn(source)?.sha256 ?? null;
  if (digest !== reported) return { why: "strategy", has: digest, reported };
  if (has !== "L0" && !written) return { why: "not-written", has: asWritten };
  return isBelow(allowed) ? undefined : { why: "recovering", has, holder: last.holder };
}

function promotionIn({ spec }: WholeEntry): PromotionAsked | undefined {
  return Promotion.safeParse(spec["promotion"]).data;
}

/** The digest of the file as promotion writes it at that level. */
function digestAt(
  { settings, limits }: StrategyOnMain,
  level: RampLevel,
  promotion: PromotionAsked,
): string {
  return digestOf(
    strategyText(settings, { ...limits, level, notional: notionalAt(level, promotion) }),
  );
}

/** A4. At recovery: what its run had come to before. */
function levelIn(source: WholeEntry): RampLevel {
  if (promotionIn(source)?.target !== "live" || source.stage === SHADOW) return "L0";
  const ramped = source.artifacts.findLast(({ name }) => name === RAMPED_STRATEGY);
  const isOfRun = ramped?.runId === source.runId;
  const isAtRamp =
    source.stage === RECOVERY ? source.visited.includes(RAMP) : source.stage === RAMP;
  if (isAtRamp && !isOfRun) return "L3";
  return ramped && ramped.sha256 !== patchIn(source)?.sha256 ? "L3" : "L0";
}

function patchIn({ artifacts }: WholeEntry) {
  return artifacts.findLast(({ name, stage }) => name === PATCH && stage === SHADOW);
}

/** True for the name of a drill's strategy: no candidate's own begins like that. */
export function isDrill(candidateId: string): boolean {
  return candidateId.startsWith("drill-");
}

/** The same for a drill's strategy. `last`: the last entry of the candidate whose run the file names. */
export function accountForDrill(file: StrategyOnMain, last: Entry | undefined): Account {
  if (wantsNothing(file)) return ACCOUNTED;
  const { settings, limits } = file;
  const isAtIt =
    last?.stage === DRILLED &&
    last.awaits !== null &&
    last.runId === settings.runId &&
    settings.candidateId.startsWith(drillPrefixOf(last.runId));
  const { candidateId: drillId, runId, sourceSha256 } = settings;
  const known = drillStrategy({ drillId, runId, sourceSha256, enabled: true });
  const isIt = canonicalJson({ settings, limits }) === canonicalJson(known);
  return isAtIt && isIt ? ACCOUNTED : { kind: "out", problem: { why: "no-drill" } };
}
