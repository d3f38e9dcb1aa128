/**
 * Whether a candidate's journal accounts for its file on main: who may push there says what runs no more than the journal lets
 * them. The engine asks before it increases anything, `baton doctor` says the same. Pure.
 *
 * A1: what wants no position needs no account: taking out is everybody's who may push.
 * A2: while its stage is at work, lane E may put there what that stage puts there: L0 of its own run in shadow-paper, any level
 *     in live-ramp. So the dispatch accounts for the file before the stage has reported.
 * A3: else the file is the one that shadow-paper reported, by its digest; a ramp changes its limits and nothing else.
 * A4: a level above L0 is accounted for by a ramp that began and wasn't failed; people approved that it begins.
 */
import {
  CandidateSpec,
  RAMP_LEVELS,
  type RampLevel,
  type StrategyLimits,
  type StrategySettings,
} from "@baton/artifacts";
import { type Entry } from "@baton/contracts";
import { digestOf, drillPrefixOf, notionalAt } from "@baton/playbook";

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
  | { readonly why: "level"; readonly has: RampLevel; readonly allowed: RampLevel }
  | { readonly why: "notional"; readonly has: number; readonly allowed: number }
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
const RAMP_REPORT = "gates/live-ramp.json";
const ACCOUNTED: Account = { kind: "accounted" };
const Promotion = CandidateSpec.shape.promotion;
/** Notional of a drill's strategy: one unit of an instrument that no market has. */
const DRILL_NOTIONAL = 100;
const DRILL_INSTRUMENT = "DRILL";

/** A1. */
export function wantsNothing({ limits }: Pick<StrategyOnMain, "limits">): boolean {
  return !limits.enabled || limits.notional === 0;
}

/**
 * Holds the file against its candidate's last entry. `ofRun`: the last one of the run that the file names, where that is an
 * earlier one, for a strategy goes on running while a new run of its candidate is on its way.
 */
export function accountFor(
  file: StrategyOnMain,
  { last, ofRun }: { readonly last: Entry | undefined; readonly ofRun?: Entry | undefined },
): Account {
  if (wantsNothing(file)) return ACCOUNTED;
  if (last === undefined || last.candidateId !== file.settings.candidateId)
    return { kind: "out", problem: { why: "unknown" } };
  const { stage, reason, holder } = last;
  if (!(last.promoted ?? last.visited.includes(SHADOW)))
    return { kind: "out", problem: { why: "not-promoted", stage, reason } };
  if (holder === "closed" && reason !== "COMPLETED")
    return { kind: "held", problem: { why: "ended", reason } };
  // Recovery may bring back what an earlier run had there.
  const isBrought = patchIn(last) === undefined || stage === RECOVERY;
  const source = isBrought && ofRun ? ofRun : last;
  const problem = problemIn(file, source, last);
  return problem ? { kind: "held", problem } : ACCOUNTED;
}

function problemIn(file: StrategyOnMain, source: Entry, last: Entry): Unaccounted | undefined {
  const { settings, limits } = file;
  const { level: has, notional } = limits;
  const allowed = last.stage === RECOVERY ? "L0" : levelIn(source);
  if (RAMP_LEVELS.indexOf(has) > RAMP_LEVELS.indexOf(allowed))
    return { why: "level", has, allowed };
  const promotion = Promotion.safeParse(source.spec["promotion"]).data;
  const most = promotion ? notionalAt(has, promotion) : 0;
  if (!promotion || notional > most) return { why: "notional", has: notional, allowed: most };
  // A2: what the stage will report isn't known yet.
  const isAtIt = source === last && last.awaits !== null && last.holder.startsWith("lane-");
  const isNew = isAtIt && last.stage === SHADOW && settings.runId === last.runId;
  if (isNew && !isReported(last)) return undefined;
  const ground = { ...limits, level: "L0" as const, notional: notionalAt("L0", promotion) };
  const digest = digestOf(strategyText(settings, ground));
  const reported = patchIn(source)?.sha256 ?? null;
  return digest === reported ? undefined : { why: "strategy", has: digest, reported };
}

/** A4. */
function levelIn({ spec, stage, artifacts, runId, evidence }: Entry): RampLevel {
  const promotion = Promotion.safeParse(spec["promotion"]).data;
  if (promotion?.target !== "live" || stage === SHADOW) return "L0";
  const report = artifacts.findLast(({ name }) => name === RAMP_REPORT);
  if (stage !== RAMP) return report ? "L3" : "L0";
  const isDone = report?.runId === runId;
  return isDone && evidence?.gate?.verdict === "fail" ? "L0" : "L3";
}

function patchIn({ artifacts }: Entry) {
  return artifacts.findLast(({ name, stage }) => name === PATCH && stage === SHADOW);
}

function isReported(entry: Entry): boolean {
  return patchIn(entry)?.runId === entry.runId;
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
  const isSmall =
    limits.notional <= DRILL_NOTIONAL &&
    settings.instruments.every(({ instrument }) => instrument === DRILL_INSTRUMENT);
  return isAtIt && isSmall ? ACCOUNTED : { kind: "out", problem: { why: "no-drill" } };
}
