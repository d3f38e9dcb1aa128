/**
 * Whether main goes on from where it was, read from the repository: history that was rewritten can't say itself what it had.
 *
 * B1: main goes on from a commit if that is among its ancestors.
 * B2: every action left a marker beside main that outlives it (action-ledger.ts, G2). One whose commit main doesn't have says
 *     that main was moved back.
 * B3: people accept that main lost a commit by a commit on main that names it; markers that are older count no more either.
 */
import { checked, CommitId } from "./git-names.ts";
import { MAIN } from "./remote-heads.ts";
import type { Scratch } from "./scratch.ts";

/** Trailer of the commit by which people accept that main doesn't have another one any more. */
export const ACCEPTED_TRAILER = "Baton-Main-Lost";

const MARKERS = "refs/baton/markers/";

/** True if `commit` is main as fetched last, or an ancestor of it. */
export async function mainHas(scratch: Scratch, commit: string): Promise<boolean> {
  const args = ["merge-base", "--is-ancestor", checked(CommitId, commit), MAIN];
  // 128: the repository has no such object.
  const { code } = await scratch.git(args, { okay: [0, 1, 128] });
  return code === 0;
}

/** Acceptances on main that have `text` as their trailer's beginning: the latest first. */
async function acceptances(
  scratch: Scratch,
  text: string,
): Promise<readonly { readonly seconds: number; readonly commits: readonly string[] }[]> {
  const form = `--format=%ct%x09%(trailers:key=${ACCEPTED_TRAILER},valueonly,separator=%x09)`;
  const grep = ["--fixed-strings", `--grep=${ACCEPTED_TRAILER}: ${text}`];
  const log = await scratch.text(["log", "--first-parent", ...grep, form, MAIN, "--"]);
  return log.split("\n").flatMap((line) => {
    const [seconds, ...values] = line.split("\t");
    const commits = values.filter((value) => value !== "");
    // One that only mentions it accepts nothing.
    return commits.length === 0 ? [] : [{ seconds: Number(seconds), commits }];
  });
}

/** True if a commit on main accepts that `commit` is lost. */
export async function isAcceptedOnMain(scratch: Scratch, commit: string): Promise<boolean> {
  const found = await acceptances(scratch, checked(CommitId, commit));
  return found.some(({ commits }) => commits.includes(commit));
}

/** The latest commit of an action that main, as fetched last, doesn't have, and that nobody accepted as lost; undefined for none. */
export async function lostAction(scratch: Scratch): Promise<CommitId | undefined> {
  const spec = `+refs/baton/stage-runs/*:${MARKERS}*`;
  const flags = ["--quiet", "--atomic", "--no-tags", "--no-write-fetch-head"];
  await scratch.git(["fetch", ...flags, "--", scratch.address.url, spec]);
  const form = "--format=%(objectname) %(committerdate:unix)";
  const order = ["--sort=-committerdate", "--count=1"];
  const found = await scratch.text([
    "for-each-ref",
    ...order,
    `--no-merged=${MAIN}`,
    form,
    MARKERS,
  ]);
  const [commit = "", seconds] = found.split(" ");
  if (commit === "") return undefined;
  const [accepted] = await acceptances(scratch, "");
  return accepted && accepted.seconds >= Number(seconds) ? undefined : commit;
}

/** The names of files directly in `folder` at `commit`; undefined if the repository doesn't have it any more. */
export async function namesAt(
  scratch: Scratch,
  commit: string,
  folder: string,
): Promise<readonly string[] | undefined> {
  const args = ["ls-tree", "-z", "--name-only", checked(CommitId, commit), "--", `${folder}/`];
  const { code, stdout } = await scratch.git(args, { okay: [0, 128] });
  if (code !== 0) return undefined;
  const paths = stdout.toString().split("\0");
  return paths.filter((path) => path !== "").map((path) => path.slice(folder.length + 1));
}
