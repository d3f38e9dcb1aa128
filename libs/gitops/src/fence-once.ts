import { z } from "zod";

import { type ActionReceipt, actOnce, commitTime, trailers, writeCommit } from "./action-ledger.ts";
import { fenceTrailer } from "./fence.ts";
import { checked } from "./git-names.ts";
import type { Remote } from "./scratch.ts";

/** Whose earlier dispatches are fenced off, and under which name that takes effect at most once. */
export interface FenceRequest extends Remote {
  /** Deduplication id of the stage run, with a suffix; its candidate is the one that is fenced. */
  readonly stageRun: string;
  /** Journal sequence of the dispatch that takes over; what is done for this one and later ones passes. */
  readonly dispatch: number;
}

/**
 * Puts a fence on main, at most once per `stageRun`, as a commit that changes no file: from then on main takes nothing that
 * an earlier dispatch of the candidate does, even what was checked and built before. Throws a GitError.
 */
export async function fenceOnce(request: FenceRequest): Promise<ActionReceipt> {
  const dispatch = checked(z.int().positive(), request.dispatch);
  const [candidateId = ""] = request.stageRun.split(".");
  return actOnce({
    ...request,
    action: request.stageRun,
    async build(scratch, { main, marks }) {
      const subject = `Fence off what was dispatched of ${candidateId} before ${dispatch}`;
      const fence = fenceTrailer(candidateId, dispatch);
      const message = `${subject}\n\n${trailers(request.stageRun, [fence, ...marks])}`;
      const tree = await scratch.text(["rev-parse", `${main}^{tree}`]);
      const time = commitTime();
      const commit = await writeCommit(scratch, { tree, parents: [main], message, time });
      return { action: request.stageRun, commit, before: main, head: undefined, time };
    },
  });
}
