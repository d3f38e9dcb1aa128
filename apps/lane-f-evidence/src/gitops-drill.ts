/**
 * Two drills on the real GitOps repository and the real engine, with a strategy that exists for them only: it is merged
 * until the engine runs it and holds a position, disabled until the account is flat, then all of it is reverted.
 *
 * D1: only files `strategies/drill-*.yaml` are touched, so no candidate's strategy can be.
 * D2: each attempt has a strategy of its own; what a killed attempt left behind is removed first.
 */
import { randomUUID } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { type RunningStrategy, STRATEGIES_FOLDER } from "@baton/artifacts";
import { deduplicationId } from "@baton/contracts";
import { strategyIn } from "@baton/engine";
import {
  mergeOnce,
  openMainReader,
  openWorktree,
  revertOnce,
  runBranch,
  type Worktree,
} from "@baton/gitops";
import type { StageContext } from "@baton/lanekit";
import { drillPrefixOf } from "@baton/playbook";

import { createDrillRecord, type DrillRecord } from "./drill-record.ts";
import { DRILL_PREFIX, DRILL_QUANTITY, drillStrategyFile } from "./drill-strategy.ts";
import { awaitEngine } from "./engine-wait.ts";
import type { World } from "./ports.ts";
import { configHashOf } from "./strategy-file.ts";

const OWNED = [`${STRATEGIES_FOLDER}/${DRILL_PREFIX}*.yaml`];

/** Both drills' records, and the strategy that they were run with. */
export interface GitopsDrills {
  readonly disable: DrillRecord;
  readonly revert: DrillRecord;
  readonly drillId: string;
}

interface Drill {
  readonly context: StageContext;
  readonly world: World;
  readonly tree: Worktree;
  readonly nonce: string;
  readonly drillId: string;
  readonly path: string;
}

/** Runs both drills; throws a GitError or a StageFailure if repository, broker or engine can't be asked. */
export async function drillGitops(
  context: StageContext,
  world: World,
  sourceSha256: string,
): Promise<GitopsDrills> {
  const { runId } = context;
  const { remote } = world;
  const branch = await runBranch(remote, { lane: "f", runId, today: context.now() });
  await using tree = await openWorktree({ ...remote, branch });
  const nonce = randomUUID().slice(0, 8);
  const prefix = drillPrefixOf(runId);
  const drillId = `${prefix}${nonce}`;
  const path = `${STRATEGIES_FOLDER}/${drillId}.yaml`;
  const drill: Drill = { context, world, tree, nonce, drillId, path };
  await removeLeftovers(drill, prefix);

  const disable = createDrillRecord("strategy-disable");
  const revert = createDrillRecord("gitops-revert");
  try {
    await drillDisable(drill, disable, sourceSha256);
  } catch (error) {
    // The next attempt would remove it too, but there may be none.
    await revertBoth(drill, revert).catch(() => {});
    throw error;
  }
  await revert.step("revert both merges", "reverted", () => revertBoth(drill, revert));
  await revert.step("read main", "as before the drill", () => mainWithout(drill));
  return { disable, revert, drillId };
}

async function drillDisable(
  drill: Drill,
  record: DrillRecord,
  sourceSha256: string,
): Promise<void> {
  const { drillId, world } = drill;
  const { runId } = drill.context;
  const file = (enabled: boolean) => drillStrategyFile({ drillId, runId, sourceSha256, enabled });
  await record.step("merge a strategy for the drill", "merged", () =>
    merge(drill, { step: "on", content: file(true) }, record),
  );
  await record.step("wait until the engine runs it with its position", "runs", () =>
    engineHolds(drill, file(true), DRILL_QUANTITY),
  );
  await record.step("merge it disabled", "merged", () =>
    merge(drill, { step: "off", content: file(false) }, record),
  );
  await record.step("wait until the engine holds nothing for it", "runs", () =>
    engineHolds(drill, file(false), "0"),
  );
  await record.step("ask the broker for positions of its account", "none", async () => {
    const positions = await world.broker(drillId).positions();
    return positions.length === 0 ? "none" : `${positions.length}`;
  });
}

function actionOf({ context, nonce }: Drill, step: string): string {
  return `${deduplicationId(context)}.${nonce}.${step}`;
}

async function merge(
  drill: Drill,
  change: { step: string; content: string | null; paths?: readonly string[] },
  record?: DrillRecord,
): Promise<string> {
  const { world, tree, context, path } = drill;
  const files = Object.fromEntries((change.paths ?? [path]).map((of) => [of, change.content]));
  const subject = `Drill ${change.step} for ${context.candidateId}`;
  await tree.commitFiles({ files, message: subject });
  const receipt = await mergeOnce({
    ...world.remote,
    branch: tree.branch,
    into: "main",
    stageRun: actionOf(drill, change.step),
    expectedHead: await tree.push(),
    owned: OWNED,
    subject,
  });
  record?.receipt(receipt.commit);
  return "merged";
}

/** D2: files of this run's earlier attempts go first, and aren't part of what is reverted. */
async function removeLeftovers(drill: Drill, prefix: string): Promise<void> {
  const names = await readdir(join(drill.tree.dir, STRATEGIES_FOLDER)).catch(() => []);
  const paths = names
    .filter((name) => name.startsWith(prefix))
    .map((name) => `${STRATEGIES_FOLDER}/${name}`);
  if (paths.length > 0) await merge(drill, { step: "clean", content: null, paths });
}

async function engineHolds(
  { world, drillId }: Drill,
  content: string,
  quantity: string,
): Promise<string> {
  const hash = configHashOf(content);
  const ready = (of: RunningStrategy | undefined) =>
    of?.hash === hash && of.settled && of.positions.every(({ held }) => held === quantity);
  const { status, reached } = await awaitEngine(world, (now) => ready(strategyIn(now, drillId)));
  if (reached) return "runs";
  const last = strategyIn(status, drillId);
  if (!last) return "the engine doesn't run it";
  return last.hash === hash
    ? `not settled: ${last.problem ?? "no reason given"}`
    : "the engine runs another version";
}

async function revertBoth(drill: Drill, record: DrillRecord): Promise<string> {
  const reverts = ["off", "on"].map((step) => actionOf(drill, step));
  const stageRun = actionOf(drill, "back");
  const { commit } = await revertOnce({ ...drill.world.remote, stageRun, reverts });
  record.receipt(commit);
  return "reverted";
}

async function mainWithout({ world, drillId }: Drill): Promise<string> {
  await using reader = await openMainReader(world.remote);
  const { files } = await reader.files(STRATEGIES_FOLDER);
  return files.has(`${drillId}.yaml`) ? "the strategy is still there" : "as before the drill";
}
