/** Changes that were made to a strategy in an emergency, and whether main has the commits that are said to hold them. */
import type { Controls, StoredControls } from "@baton/contracts";
import { notOnMain, type Remote } from "@baton/gitops";
import { controlHistory } from "@baton/mesh";

import type { MeshReader } from "./promotion-guard.ts";

interface ClosedTask {
  readonly id: string;
  /** Undefined if it can't be told. */
  readonly commit: string | undefined;
}

/** The task that a state closed, if it is of that candidate. */
function closedBy(
  { cause, tasks }: Controls,
  before: StoredControls | undefined,
  candidateId: string,
): ClosedTask[] {
  if (cause.kind !== "command" || cause.type !== "close-task") return [];
  const open = new Set(tasks.map(({ id }) => id));
  const closed = before?.controls.tasks.find(({ id }) => !open.has(id));
  if (closed?.scope !== candidateId) return [];
  return [{ id: closed.id, commit: cause.commit }];
}

/** Why main doesn't have a change of this candidate that is said to be in Git, a sentence per task; fails closed. */
export async function tasksNotOnMain(
  candidateId: string,
  { controls }: Pick<MeshReader, "controls">,
  remote: Remote,
): Promise<readonly string[]> {
  const states = await controlHistory(controls, await controls.last());
  const closed = states.flatMap((state, index) =>
    closedBy(state.controls, states[index + 1], candidateId),
  );
  const commits = closed.flatMap(({ commit }) => commit ?? []);
  const missing = new Set(await notOnMain(remote, commits));
  return closed.flatMap(({ id, commit }) => {
    if (commit === undefined) return [`git_task_not_on_main: nobody knows the commit of ${id}`];
    if (!missing.has(commit)) return [];
    return [`git_task_not_on_main: ${id} was closed with ${commit}, which main doesn't have`];
  });
}
