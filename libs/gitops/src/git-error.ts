import { Failed, type FailureClass } from "@baton/contracts";
import { printable, quoted } from "@baton/text/printable";

/** Longest piece of a git message that an error repeats, in characters. */
const MAX_STDERR = 600;

/**
 * A git operation that failed, with what follows from it: `transient` may pass by itself, `deterministic` will not,
 * `policy` is a change outside what the caller owns. Nothing of it echoes a credential.
 */
export class GitError extends Failed {
  override readonly name = "GitError";
}

/** `value` as one printable line of at most 80 characters, or as many as that, for a message. */
export function shown(value: string, max?: number): string {
  return quoted(value, max);
}

/** What git said, without credentials, what is unprintable escaped, cut from the front: the end names the cause. */
export function redact(text: string): string {
  const clean = text
    .replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^/\s@]*@/gi, "$1***@")
    .replaceAll(/\b(authorization\s*[:=]\s*(?:\w+\s+)?)\S+/gi, "$1***")
    .replaceAll(/\b(token|password|bearer|basic)\b(\s*[:=]?\s*)\S+/gi, "$1$2***")
    .replaceAll(/\b(?:gh[pousr]|github_pat|glpat)[_-]\w+/g, "***")
    .replaceAll(/\s*[\r\n]+\s*/g, " | ")
    .trim();
  const line = printable(clean);
  return line.length <= MAX_STDERR ? line : `…${line.slice(-MAX_STDERR)}`;
}

interface Known {
  readonly pattern: RegExp;
  readonly class: FailureClass;
  readonly code: string;
  readonly action: string;
}

const LOCKED = {
  class: "transient",
  code: "E_GIT_LOCKED",
  action:
    "Another git process holds the lock, or one died with it and the next push takes it away once it is too old to be anybody's.",
} as const;

const FLOODED = {
  class: "transient",
  code: "E_GIT_FLOOD",
  action:
    "Find out what answers at the repository's address: it sends more than the 512 MiB that a git process may take. Strategies are far smaller: keep large files out, or mend the address.",
} as const;

/** The error for a remote that sends more than anybody takes. */
export function flooded(message: string): GitError {
  return new GitError({ ...FLOODED, message });
}

/** Read in this order: a refusal by a hook or a missing right is worded inside a failed connection. */
const KNOWN: readonly Known[] = [
  {
    pattern: /hook declined|pre-receive|denied by|deny(updating|delete)/i,
    class: "deterministic",
    code: "E_GIT_REFUSED",
    action: "Read the rule of the remote's hook in the message; a retry would be refused again.",
  },
  {
    pattern:
      /authentication failed|could not read (username|password)|permission denied|error: 40[13]|publickey/i,
    // A credential that was changed, or a repository that was put back by another user, is mended without the candidate.
    class: "transient",
    code: "E_GIT_DENIED",
    action: "Give the service a credential that may read and push to this repository.",
  },
  {
    pattern: /requested URL returned error: 30\d|unable to update url base from redirection/i,
    class: "transient",
    code: "E_GIT_REDIRECTED",
    action:
      "Nothing follows a redirect, as it would take the credential elsewhere: set the repository's address to where it is now.",
  },
  {
    pattern: /dubious ownership/i,
    class: "transient",
    code: "E_GIT_OWNERSHIP",
    action: "Let the repository belong to the user that runs the service.",
  },
  // A lock file in the way is told with the words for a push that came too late.
  { pattern: /\.lock': File exists|unable to create '.*\.lock'/i, ...LOCKED },
  {
    pattern:
      /stale info|non-fast-forward|fetch first|reference already exists|but expected|atomic push failed|failed to update ref/i,
    class: "transient",
    code: "E_GIT_MOVED",
    action: "Somebody else pushed at the same time; try again on the new state.",
  },
  { pattern: /cannot lock ref/i, ...LOCKED },
  { pattern: /out of memory|file too large|died of signal 25\b/i, ...FLOODED },
  {
    pattern: /couldn't find remote ref/i,
    class: "deterministic",
    code: "E_GIT_NOT_FOUND",
    action: "Check that the branch was pushed, and to this repository.",
  },
  // A remote that is away, was moved or broke off in the middle says nothing about the candidate: it may come back.
  {
    pattern:
      /not appear to be a git repository|repository .*not found|could not read from remote|early EOF|hung up|unable to access/i,
    class: "transient",
    code: "E_GIT_UNAVAILABLE",
    action:
      "Check the repository's address, that the remote answers, and that its disk isn't full.",
  },
  {
    pattern: /bad object|corrupt|fsck|missing (blob|tree|commit)|did not send all necessary/i,
    class: "deterministic",
    code: "E_GIT_CORRUPT",
    action: "Run `git fsck` on the repository and restore what it names.",
  },
  // A pack that broke off for none of the reasons above grew over the bound of a file.
  { pattern: /invalid index-pack output/i, ...FLOODED },
  {
    pattern:
      /could not resolve|connection|timed out|early EOF|hung up|unable to access|no space left|RPC failed|broken pipe/i,
    class: "transient",
    code: "E_GIT_UNAVAILABLE",
    action: "Check that the remote answers and that its disk isn't full.",
  },
];

/** The error for a git command that ended with `code` after saying `text`; an unknown text counts as transient. */
export function failedGit(verb: string, code: number, text: string): GitError {
  const known = KNOWN.find(({ pattern }) => pattern.test(text));
  return new GitError({
    class: known?.class ?? "transient",
    code: known?.code ?? "E_GIT_FAILED",
    message: `git ${verb} ended with ${code}: ${redact(text) || "no message"}`,
    action: known?.action ?? "Read git's message; run the command by hand if it repeats.",
  });
}
