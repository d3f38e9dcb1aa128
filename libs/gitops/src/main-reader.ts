import { GitError } from "./git-error.ts";
import { type CommitId, RepositoryPath, checked } from "./git-names.ts";
import { openScratch, type Remote, type Scratch } from "./scratch.ts";

/** Largest file that is read, in bytes: 1 MiB. */
const MAX_FILE_BYTES = 1024 * 1024;
const MAX_FILES = 5000;

/** Reads the main branch of a repository over and over; one at a time. */
export interface MainReader extends AsyncDisposable {
  /** Head of main now: one round trip, nothing is fetched. */
  head(): Promise<CommitId>;
  /** The plain files directly in `folder` at the head of main, by name. */
  files(folder: string): Promise<{ commit: CommitId; files: ReadonlyMap<string, string> }>;
}

async function head(scratch: Scratch): Promise<CommitId> {
  const args = ["ls-remote", "--quiet", "--", scratch.address.url, "refs/heads/main"];
  const [commit = ""] = (await scratch.text(args)).split("\t");
  if (commit !== "") return commit;
  throw new GitError({
    class: "deterministic",
    code: "E_GIT_NOT_FOUND",
    message: "the repository has no branch main",
    action: "Create it, e.g. by starting the dry run again.",
  });
}

interface TreeFile {
  readonly name: string;
  readonly blob: string;
}

async function listing(scratch: Scratch, commit: CommitId, folder: string): Promise<TreeFile[]> {
  const tree = await scratch.git(["ls-tree", "-z", "--long", commit, "--", `${folder}/`]);
  const files: TreeFile[] = [];
  for (const line of tree.stdout.toString().split("\0")) {
    const [meta = "", path = ""] = line.split("\t");
    const [mode, , blob = "", bytes] = meta.split(/ +/);
    // Links, folders and what is too large are not for us.
    if (!mode?.startsWith("100") || Number(bytes) > MAX_FILE_BYTES) continue;
    files.push({ name: path.slice(folder.length + 1), blob });
  }
  return files.slice(0, MAX_FILES);
}

async function contents(
  scratch: Scratch,
  files: readonly TreeFile[],
): Promise<ReadonlyMap<string, string>> {
  if (files.length === 0) return new Map();
  const input = files.map(({ blob }) => `${blob}\n`).join("");
  const { stdout } = await scratch.git(["cat-file", "--batch"], { input });
  const result = new Map<string, string>();
  let at = 0;
  for (const { name } of files) {
    const end = stdout.indexOf("\n", at);
    const bytes = Number(stdout.subarray(at, end).toString().split(" ")[2]);
    result.set(name, stdout.subarray(end + 1, end + 1 + bytes).toString());
    at = end + 1 + bytes + 1;
  }
  return result;
}

/** Opens a reader of main. Its calls throw a GitError: transient if the remote doesn't answer. */
export async function openMainReader(remote: Remote): Promise<MainReader> {
  const scratch = await openScratch(remote, { bare: true });
  return {
    head: () => head(scratch),
    files: async (folder) => {
      checked(RepositoryPath, folder);
      const flags = ["--quiet", "--no-tags", "--no-write-fetch-head"];
      const spec = "+refs/heads/main:refs/remotes/origin/main";
      await scratch.git(["fetch", ...flags, "--", scratch.address.url, spec]);
      const commit = await scratch.text(["rev-parse", "refs/remotes/origin/main"]);
      return { commit, files: await contents(scratch, await listing(scratch, commit, folder)) };
    },
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  };
}
