/** What took effect on main and isn't in its history any more: main was moved back behind it (G1 and G2 of the ledger). */
import { ActionId, type CommitId } from "./git-names.ts";
import { fetchHeads, MAIN } from "./remote-heads.ts";
import { openScratch, type Remote } from "./scratch.ts";

/** Where the ledger keeps a ref for each action. */
const MARKERS = "refs/baton/stage-runs/";

/** An action that main lost. */
export interface UndoneAction {
  readonly action: ActionId;
  readonly commit: CommitId;
  /** When the commit was made, in Unix milliseconds, to the second. */
  readonly timeMs: number;
}

/** All of them, the latest first. Throws a GitError: transient if the remote doesn't answer. */
export async function undoneActions(remote: Remote): Promise<readonly UndoneAction[]> {
  await using scratch = await openScratch(remote, { bare: true });
  await fetchHeads(scratch);
  const flags = ["--quiet", "--no-tags", "--no-write-fetch-head"];
  const spec = `+${MARKERS}*:${MARKERS}*`;
  await scratch.git(["fetch", ...flags, "--", scratch.address.url, spec]);
  const format = "--format=%(objectname) %(committerdate:unix) %(refname)";
  const refs = await scratch.text(["for-each-ref", format, `--no-merged=${MAIN}`, MARKERS]);
  const found = refs.split("\n").flatMap((line): UndoneAction[] => {
    const [commit = "", seconds, name = ""] = line.split(" ");
    const action = ActionId.safeParse(name.slice(MARKERS.length)).data;
    return action === undefined ? [] : [{ action, commit, timeMs: Number(seconds) * 1000 }];
  });
  return found.toSorted((a, b) => b.timeMs - a.timeMs);
}
