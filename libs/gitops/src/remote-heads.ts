import type { BranchName, CommitId } from "./git-names.ts";
import type { Scratch } from "./scratch.ts";

/** Where the remote's heads were at the last fetch. */
export interface RemoteHeads {
  readonly main: CommitId;
  /** Undefined if the remote doesn't have the branch, or none was asked for. */
  readonly branch: CommitId | undefined;
}

const PREFIX = "refs/remotes/origin/";

/** Main as fetched last. */
export const MAIN = `${PREFIX}main`;

/** Fetches main, and the branch if the remote has it, in one round trip. */
export async function fetchHeads(scratch: Scratch, branch?: BranchName): Promise<RemoteHeads> {
  const flags = ["--quiet", "--atomic", "--no-tags", "--no-write-fetch-head", "--prune"];
  const specs = [`+refs/heads/main:${MAIN}`];
  // A pattern, because a name that the remote doesn't have would be an error.
  if (branch !== undefined) specs.push(`+refs/heads/${branch}*:${PREFIX}${branch}*`);
  await scratch.git(["fetch", ...flags, "--", scratch.address.url, ...specs]);
  const refs = await scratch.text(["for-each-ref", "--format=%(refname) %(objectname)", PREFIX]);
  const heads = new Map(
    refs.split("\n").map((line) => {
      const [name = "", commit = ""] = line.split(" ");
      return [name, commit] as const;
    }),
  );
  return {
    main: heads.get(MAIN) ?? "",
    branch: branch === undefined ? undefined : heads.get(`${PREFIX}${branch}`),
  };
}

/** True if main or the branch that was fetched contains this commit. */
export async function containsCommit(scratch: Scratch, commit: CommitId): Promise<boolean> {
  const args = ["for-each-ref", "--count=1", `--contains=${commit}`, PREFIX];
  // 129: there is no such commit.
  const answer = await scratch.git(args, { okay: [0, 129] });
  return answer.code === 0 && answer.stdout.length > 0;
}
