/**
 * Which mutable actions have taken effect on main, read from the remote itself (J4).
 *
 * G1: an action's commit on main ends with the trailer `Baton-Stage-Run: <action>`; the history of main is the truth.
 * G2: the same push creates `refs/baton/stage-runs/<action>`; the remote takes both or neither, and never a second one.
 * G3: main moves by compare-and-swap from the commit that the new one was built on.
 * G4: a fence on main refuses what earlier dispatches of its candidate do; as main moved with it, one that looked before the
 *     fence was there can't push after it (G3) and meets it when it looks again.
 * G5: an action's commit says how far the mesh's history had come; one that is done for a history that doesn't have that any
 *     more is refused.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

import { requireNoFence } from "./fence.ts";
import { GitError } from "./git-error.ts";
import { ActionId, type BranchName, checked, type CommitId } from "./git-names.ts";
import { markOnMain, markTrailers } from "./history-mark.ts";
import { fetchHeads, MAIN, type RemoteHeads } from "./remote-heads.ts";
import { openScratch, type Remote, type Scratch } from "./scratch.ts";

/** An action that took effect. */
export interface ActionRecord {
  readonly action: ActionId;
  /** The commit on main. */
  readonly commit: CommitId;
  /** Main before it. */
  readonly before: CommitId;
  /** Head of the branch that was merged; undefined for a revert. */
  readonly head: CommitId | undefined;
  /** When the commit was made, ISO, to the second. */
  readonly time: string;
}

/** An action's outcome: `effect` is "already" if an earlier attempt had brought it about. */
export interface ActionReceipt extends ActionRecord {
  readonly effect: "done" | "already";
}

const TRAILER = "Baton-Stage-Run";
/** Pushes tried while others push too; each round someone gets through. */
const MAX_ROUNDS = 40;
/** Refusals in a row while main stands still: then it isn't a race but the marker or a lock. */
const MAX_UNMOVED = 8;
/** Longest random wait before the next round, in milliseconds. */
const ROUND_WAIT_MS = 60;

/**
 * Trailer lines for the message of an action's commit. The nonce makes each try a commit of its own, so that of two that
 * race within one second exactly one can say it was the one.
 */
export function trailers(
  action: ActionId,
  more: readonly (readonly [string, string])[] = [],
): string {
  return [[TRAILER, action], ...more, ["Baton-Nonce", randomUUID()]]
    .map(([key, value]) => `${key}: ${value}`)
    .join("\n");
}

/** The action in the fetched history of main, or undefined. Only main's own commits count, not those of merged branches. */
export async function recordOf(
  scratch: Scratch,
  action: ActionId,
): Promise<ActionRecord | undefined> {
  const format = `--format=%ct %H %P%x09%(trailers:key=${TRAILER},valueonly,separator=%x09)`;
  const log = ["log", "--first-parent", "--fixed-strings", `--grep=${TRAILER}: ${action}`, format];
  for (const line of (await scratch.text([...log, MAIN, "--"])).split("\n")) {
    const [ids = "", ...values] = line.split("\t");
    const [seconds, commit = "", before = "", head] = ids.split(" ");
    const time = new Date(Number(seconds) * 1000).toISOString();
    if (values.includes(action)) return { action, commit, before, head, time };
  }
  return undefined;
}

/** Looks actions up in the remote, in one round trip: those that have taken effect, in the order asked for. */
export async function findActions(
  remote: Remote,
  actions: readonly string[],
): Promise<readonly ActionRecord[]> {
  const ids = actions.map((action) => checked(ActionId, action));
  await using scratch = await openScratch(remote, { bare: true });
  await fetchHeads(scratch);
  const found: ActionRecord[] = [];
  for (const id of ids) {
    const record = await recordOf(scratch, id);
    if (record !== undefined) found.push(record);
  }
  return found;
}

/** Now, to the second, as commits keep it; ISO. */
export function commitTime(): string {
  return new Date(Math.floor(Date.now() / 1000) * 1000).toISOString();
}

/** Writes a commit object; `parents` in order. */
export async function writeCommit(
  scratch: Scratch,
  commit: { tree: string; parents: readonly CommitId[]; message: string; time: string },
): Promise<CommitId> {
  const parents = commit.parents.flatMap((parent) => ["-p", parent]);
  return scratch.text(["commit-tree", ...parents, "-F", "-", commit.tree], {
    input: `${commit.message}\n`,
    env: { GIT_AUTHOR_DATE: commit.time, GIT_COMMITTER_DATE: commit.time },
  });
}

/** Tree of merging `theirs` into `ours`. Throws a deterministic GitError that names the files in conflict. */
export async function mergedTree(
  scratch: Scratch,
  ours: CommitId,
  theirs: CommitId,
): Promise<string> {
  const args = ["merge-tree", "--write-tree", "--name-only", "--no-messages", ours, theirs];
  const answer = await scratch.git(args, { okay: [0, 1] });
  const [tree = "", ...files] = answer.stdout.toString().trim().split("\n");
  if (answer.code === 0) return tree;
  throw new GitError({
    class: "deterministic",
    code: "E_GIT_CONFLICT",
    message: `${theirs} doesn't merge into main at ${ours}: conflict in ${files.slice(0, 5).join(", ")}`,
    action: "Someone changed the same file on main; start a new run from there.",
  });
}

/** Both refs or neither, and each only from the value it must have (G2, G3). The error, if the remote had moved. */
async function pushAction(
  scratch: Scratch,
  action: ActionId,
  next: ActionRecord,
): Promise<GitError | undefined> {
  const marker = `refs/baton/stage-runs/${action}`;
  try {
    await scratch.git([
      "push",
      "--quiet",
      "--atomic",
      "--porcelain",
      `--force-with-lease=refs/heads/main:${next.before}`,
      `--force-with-lease=${marker}:`,
      "--",
      scratch.address.url,
      `${next.commit}:refs/heads/main`,
      `${next.commit}:${marker}`,
    ]);
    return undefined;
  } catch (error) {
    const again = ["E_GIT_MOVED", "E_GIT_LOCKED"];
    if (!(error instanceof GitError) || !again.includes(error.code)) throw error;
    return error;
  }
}

/** Why no round got through: main was rewound, or the last refusal. */
async function stuck(scratch: Scratch, action: ActionId, last: GitError): Promise<GitError> {
  const marker = `refs/baton/stage-runs/${action}`;
  const found = await scratch.text(["ls-remote", "--quiet", "--", scratch.address.url, marker]);
  if (found === "") return last;
  return new GitError({
    class: "deterministic",
    code: "E_GIT_LEDGER",
    message: `${marker} exists but main's history has no commit of ${action}: main was rewound`,
    action: "Find out who moved main back; restore it, or remove the marker on purpose.",
  });
}

/** Where main is, and the trailers that every action's commit bears. */
interface Ground extends RemoteHeads {
  readonly marks: readonly (readonly [string, string])[];
}

/** Builds an action's commit on main as it is now. */
export interface ActionPlan extends Remote {
  readonly action: string;
  /** Journal sequence of the dispatch that it is done for: a fence of a later one refuses it (G4); undefined: none does. */
  readonly dispatch?: number | undefined;
  /** Asked each time right before the push: what it throws ends it, and nothing has changed. */
  readonly confirm?: (() => Promise<void>) | undefined;
  /** Branch to fetch along with main. */
  readonly branch?: BranchName;
  build(scratch: Scratch, ground: Ground): Promise<ActionRecord>;
}

/**
 * Lets an action take effect on main at most once, ever: looks first, then builds on main's head and pushes with
 * compare-and-swap, again from the start if someone else was faster. Throws a GitError (policy) if it is fenced off.
 */
export async function actOnce(plan: ActionPlan): Promise<ActionReceipt> {
  const id = checked(ActionId, plan.action);
  await using scratch = await openScratch(plan, { bare: true });
  let before: CommitId | undefined;
  let unmoved = 0;
  for (let round = 1; ; round += 1) {
    const heads = await fetchHeads(scratch, plan.branch);
    const record = await recordOf(scratch, id);
    if (record !== undefined) return { ...record, effect: "already" };
    if (plan.dispatch !== undefined) await requireNoFence(scratch, id, plan.dispatch);
    const marks = markTrailers(await heedHistory(scratch, plan.history));
    const next = await plan.build(scratch, { ...heads, marks });
    await plan.confirm?.();
    const refusal = await pushAction(scratch, id, next);
    if (refusal === undefined) return { ...next, effect: "done" };
    unmoved = heads.main === before ? unmoved + 1 : 0;
    before = heads.main;
    if (round >= MAX_ROUNDS || unmoved >= MAX_UNMOVED) throw await stuck(scratch, id, refusal);
    await delay(Math.random() * ROUND_WAIT_MS);
  }
}

/** Holds the history against what main says of it; gives how far it has come. */
async function heedHistory(scratch: Scratch, history: Remote["history"]) {
  if (!history) return undefined;
  const known = await markOnMain(scratch);
  if (known) await history.require(known);
  return history.marks();
}
