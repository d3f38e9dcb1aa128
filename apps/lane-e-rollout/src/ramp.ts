/** What a ramp works with, and how far it had come when an attempt begins: read from main and from the ledger of actions. */
import {
  type GateOutcome,
  type ObservedChange,
  type RampLevel,
  STRATEGIES_FOLDER,
} from "@baton/artifacts";
import { deduplicationId } from "@baton/contracts";
import { type ActionRecord, findActions, openMainReader, type Remote } from "@baton/gitops";
import { type StageContext, StageFailure } from "@baton/lanekit";
import { notionalAt } from "@baton/playbook";

import { observed } from "./gitops-change.ts";
import { readPromotion } from "./promotion-target.ts";
import type { RolloutOptions } from "./rollout-options.ts";
import { RAMP_STEPS } from "./rollout-policy.ts";
import { PATCH, verificationParts } from "./shadow-paper.ts";
import { readStrategy, type RenderedStrategy, withLimits } from "./strategy-configmap.ts";
import type { VerificationParts } from "./verify-running.ts";

/** All that a ramp works with. */
export interface Ramp {
  readonly context: StageContext;
  readonly remote: Remote;
  readonly options: RolloutOptions;
  readonly parts: VerificationParts;
  readonly levels: readonly RenderedStrategy[];
  /** L0 as shadow-paper left it. */
  readonly ground: RenderedStrategy;
  /** What main had of this stage run when the attempt began, by action. */
  readonly found: ReadonlyMap<string, ActionRecord>;
  /** How many levels an earlier run of the stage had brought to main before it was stopped (L4). */
  readonly inherited: number;
  readonly changes: ObservedChange[];
  /** What was found about those who approved it. */
  readonly approvals: GateOutcome;
}

/** Name of the action on main that a step of this stage run is. */
export const actionOf = (context: StageContext, suffix: string): string =>
  `${deduplicationId(context)}.${suffix}`;

/** Reads how far the ramp has come. Throws a StageFailure or a GitError. */
export async function prepared(
  context: StageContext,
  options: RolloutOptions,
  approvals: GateOutcome,
): Promise<Ramp> {
  const text = new TextDecoder().decode(await context.read(PATCH));
  const { promotion } = readPromotion(context);
  const { settings, rendered: ground } = readStrategy(text);
  if (settings.candidateId !== context.candidateId || ground.level !== "L0")
    throw new StageFailure({
      class: "deterministic",
      code: "E_INPUT_MISMATCH",
      message: `${PATCH} is of ${settings.candidateId} at ${ground.level}`,
      action: "Resume from shadow-paper, so that it is rendered again.",
    });
  const { repository, token, cacheDir, history } = options;
  const remote = { repository, token, cacheDir, history, signal: context.signal };
  const actions = [...RAMP_STEPS, "rollback"].map((suffix) => actionOf(context, suffix));
  const records = await findActions(remote, actions);
  const levels = RAMP_STEPS.map((level) => withLimits(text, level, notionalAt(level, promotion)));
  const found = new Map(records.map((record) => [record.action, record]));
  return {
    context,
    remote,
    options,
    parts: verificationParts(context, options),
    levels,
    ground,
    found,
    inherited: await inheritedLevels(context, { remote, levels, found }),
    changes: [],
    approvals,
  };
}

/** How many levels main has that no action of this run brought there (L4). */
async function inheritedLevels(
  context: StageContext,
  { remote, levels, found }: Pick<Ramp, "remote" | "levels" | "found">,
): Promise<number> {
  const own = levels.findIndex(({ level }) => found.has(actionOf(context, level)));
  if (own >= 0) return own;
  await using reader = await openMainReader(remote);
  const { files } = await reader.files(STRATEGIES_FOLDER);
  const current = files.get(`${context.candidateId}.yaml`);
  return levels.findIndex(({ text }) => text === current) + 1;
}

/** The level that the ramp had come to on main; a rollback is only decided after one was merged or refused. */
export function highest({ context, levels, found }: Ramp): RampLevel {
  const merged = levels.findLast(({ level }) => found.has(actionOf(context, level)));
  return merged?.level ?? "L0";
}

/** The change of a level that was seen to run, as a higher one followed it (L2); null if an earlier run made it. */
export function wasVerified(
  { context, levels, found, inherited }: Ramp,
  index: number,
): ObservedChange | null | undefined {
  const level = levels[index]?.level ?? "L0";
  const next = levels[index + 1];
  const isFollowed =
    next !== undefined && (index + 1 < inherited || found.has(actionOf(context, next.level)));
  if (!isFollowed) return undefined;
  const passed = found.get(actionOf(context, level));
  if (passed === undefined) return null;
  const receipt = { ...passed, effect: "already" } as const;
  const change = observed(receipt, { branch: null, level, start: performance.now() });
  return { ...change, verifyMs: null, orders: [] };
}

/** What main has of the ramp at its highest level, as far as this run knows. */
export function topText({ levels, inherited, found, changes, context }: Ramp): string | undefined {
  const own = (level: RampLevel) =>
    found.has(actionOf(context, level)) || changes.some((change) => change.level === level);
  return levels.findLast(({ level }, index) => index < inherited || own(level))?.text;
}
