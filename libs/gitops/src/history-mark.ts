/**
 * How far the mesh's history had come when something took effect on main: trailers of the action's commit. Main outlives the
 * mesh's server, so a server that went back to an older copy is given away by it.
 */
import { STRATEGIES_FOLDER } from "@baton/artifacts";
import { HISTORY_STREAMS, HistoryMarks } from "@baton/contracts";

import { ActionId } from "./git-names.ts";
import { fetchHeads, MAIN } from "./remote-heads.ts";
import { openScratch, type Remote, type Scratch } from "./scratch.ts";

const TRAILER = "Baton-Mark";

/** The trailers that say it: `Baton-Mark: <epoch> <stream> <sequence> <sha256>`. */
export function markTrailers(marks: HistoryMarks | undefined): (readonly [string, string])[] {
  if (!marks) return [];
  return HISTORY_STREAMS.flatMap((stream) => {
    const mark = marks.streams[stream];
    if (!mark) return [];
    return [[TRAILER, `${marks.epoch} ${stream} ${mark.sequence} ${mark.sha256}`] as const];
  });
}

/** What the latest commit on the fetched main says; undefined if none says anything. */
export async function markOnMain(scratch: Scratch): Promise<HistoryMarks | undefined> {
  const format = `--format=%cI%x09%(trailers:key=${TRAILER},valueonly,separator=%x09)`;
  const log = ["log", "--first-parent", "-1", "--fixed-strings", `--grep=${TRAILER}: `, format];
  const [time = "", ...values] = (await scratch.text([...log, MAIN, "--"])).split("\t");
  const parts = values.map((value) => value.trim().split(" "));
  const streams = parts.map(([, stream = "", sequence, sha256]) => [
    stream,
    { sequence: Number(sequence), sha256 },
  ]);
  const epoch = Math.max(0, ...parts.map(([number]) => Number(number)));
  const date = new Date(time);
  if (values.length === 0 || Number.isNaN(date.getTime())) return undefined;
  // Anybody's commit may look like one of ours: what isn't a mark says nothing.
  return HistoryMarks.safeParse({
    v: 1,
    epoch,
    time: date.toISOString(),
    streams: Object.fromEntries(streams),
  }).data;
}

/** The same, of a repository. Throws a GitError: transient if the remote doesn't answer. */
export async function readMarkOnMain(remote: Remote): Promise<HistoryMarks | undefined> {
  await using scratch = await openScratch(remote, { bare: true });
  await fetchHeads(scratch);
  return await markOnMain(scratch);
}

/** A stage run that changed main. */
export interface RecentAction {
  /** Its deduplication id, without the step inside it. */
  readonly stageRun: string;
  readonly commit: string;
}

/**
 * The stage runs that are behind what main has now in `strategies/`, the latest commit of each first; at most those of the last
 * `most` commits. Throws a GitError.
 */
export async function recentActions(remote: Remote, most: number): Promise<RecentAction[]> {
  await using scratch = await openScratch(remote, { bare: true });
  await fetchHeads(scratch);
  const listed = await scratch.text([
    "ls-tree",
    "--name-only",
    MAIN,
    "--",
    `${STRATEGIES_FOLDER}/`,
  ]);
  const present = new Set(listed.split("\n").map((path) => strategyOf(path)));
  const format = "--format=%H%x09%(trailers:key=Baton-Stage-Run,valueonly,separator=%x09)";
  const log = ["log", "--first-parent", `--max-count=${most}`, format, MAIN];
  const found = new Map<string, RecentAction>();
  for (const line of (await scratch.text([...log, "--", `${STRATEGIES_FOLDER}/`])).split("\n")) {
    const [commit = "", ...actions] = line.split("\t");
    for (const action of actions) {
      if (!ActionId.safeParse(action).success) continue;
      const stageRun = action.split(".").slice(0, 3).join(".");
      const [candidateId = ""] = action.split(".");
      if (present.has(candidateId) && !found.has(stageRun))
        found.set(stageRun, { stageRun, commit });
    }
  }
  return [...found.values()];
}

function strategyOf(path: string): string {
  return path.slice(STRATEGIES_FOLDER.length + 1).replace(/\.yaml$/, "");
}
