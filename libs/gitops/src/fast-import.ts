/** Writes a commit through `git fast-import`: files are data, no work tree is touched, so no symbolic link can lead astray. */
import { GitError } from "./git-error.ts";
import { checked, RepositoryPath } from "./git-names.ts";

/** New content per path; null removes the file. */
export type FileChanges = Readonly<Record<string, string | Uint8Array | null>>;

/** Most bytes that one commit may bring: 16 MiB. */
const MAX_COMMIT_BYTES = 16 * 1024 * 1024;
const MAX_COMMIT_FILES = 1000;

/** A commit to be written. */
export interface NewCommit {
  readonly ref: string;
  /** Commit or branch that it follows; undefined for a first one. */
  readonly from: string | undefined;
  readonly message: string;
  readonly files: FileChanges;
  /** Seconds since 1970. */
  readonly time: number;
}

/** Refuses a message that would forge one of our own trailers. */
function plainMessage(message: string): string {
  const text = message.trim();
  if (text !== "" && text.length <= 4000 && !/^baton-/im.test(text) && !text.includes("\0"))
    return text;
  throw new GitError({
    class: "deterministic",
    code: "E_GIT_INVALID",
    message: "commit message: 1 to 4000 characters, no line starting with 'Baton-', no NUL",
    action: "Change the message.",
  });
}

/** The input for `git fast-import` that writes `commit`. Throws a GitError for a path or size that isn't allowed. */
export function importStream(commit: NewCommit): Buffer {
  const parts: Buffer[] = [];
  const line = (text: string) => parts.push(Buffer.from(`${text}\n`));
  const data = (bytes: Buffer) => {
    line(`data ${bytes.length}`);
    parts.push(bytes);
    line("");
  };
  line(`commit ${commit.ref}`);
  line(`committer Baton <baton@baton.invalid> ${commit.time} +0000`);
  data(Buffer.from(`${plainMessage(commit.message)}\n`));
  if (commit.from !== undefined) line(`from ${commit.from}`);
  const files = Object.entries(commit.files);
  let total = 0;
  for (const [path, content] of files) {
    checked(RepositoryPath, path);
    if (content === null) {
      line(`D ${path}`);
      continue;
    }
    const bytes = Buffer.from(content);
    total += bytes.length;
    line(`M 100644 inline ${path}`);
    data(bytes);
  }
  if (files.length <= MAX_COMMIT_FILES && total <= MAX_COMMIT_BYTES) {
    line("done");
    return Buffer.concat(parts);
  }
  throw new GitError({
    class: "deterministic",
    code: "E_GIT_LIMIT",
    message: `a commit of ${files.length} files and ${total} bytes is over ${MAX_COMMIT_FILES} files or ${MAX_COMMIT_BYTES} bytes`,
    action: "Keep data out of the repository.",
  });
}
