/** Fences on main: what a candidate's earlier dispatches began can't take effect behind one (G4 of the action ledger). */
import { GitError } from "./git-error.ts";
import type { ActionId, CommitId } from "./git-names.ts";
import { MAIN } from "./remote-heads.ts";
import type { Scratch } from "./scratch.ts";

const TRAILER = "Baton-Fence";

/** A fence on main. */
interface Fence {
  readonly dispatch: number;
  readonly commit: CommitId;
}

/** Trailer of a commit that fences off what was dispatched of a candidate before sequence `dispatch`. */
export function fenceTrailer(candidateId: string, dispatch: number): readonly [string, string] {
  return [TRAILER, `${candidateId} ${dispatch}`];
}

/** The candidate's highest fence in the fetched history of main. */
async function fenceOf(scratch: Scratch, candidateId: string): Promise<Fence | undefined> {
  const format = `--format=%H%x09%(trailers:key=${TRAILER},valueonly,separator=%x09)`;
  const grep = ["--fixed-strings", `--grep=${TRAILER}: ${candidateId} `];
  const log = await scratch.text(["log", "--first-parent", ...grep, format, MAIN, "--"]);
  let highest: Fence | undefined;
  for (const line of log.split("\n")) {
    const [commit = "", ...values] = line.split("\t");
    for (const value of values) {
      const [of, sequence] = value.split(" ");
      const dispatch = Number(sequence);
      if (of === candidateId && dispatch > (highest?.dispatch ?? 0)) highest = { dispatch, commit };
    }
  }
  return highest;
}

/** Refuses (policy) an action of a dispatch that is fenced off. */
export async function requireNoFence(
  scratch: Scratch,
  action: ActionId,
  dispatch: number,
): Promise<void> {
  const [candidateId = ""] = action.split(".");
  const fence = await fenceOf(scratch, candidateId);
  if (fence === undefined || fence.dispatch <= dispatch) return;
  throw new GitError({
    class: "policy",
    code: "E_GIT_FENCED",
    message: `${action} of dispatch ${dispatch} is fenced off: dispatch ${fence.dispatch} took ${candidateId} over on main as ${fence.commit}`,
    action: `Nothing was changed on main. \`baton explain ${candidateId}\` says what happens to it now.`,
  });
}
