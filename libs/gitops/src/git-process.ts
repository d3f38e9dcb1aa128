/** Runs the git program: an argument array and never a shell, an environment of our own, bounds on time and output. */
import { type ChildProcess, spawn } from "node:child_process";

import { failedGit, flooded, GitError, redact } from "./git-error.ts";

/** Longest run of one git command in milliseconds. */
export const GIT_TIMEOUT_MS = 60_000;
/** Most bytes that one git command may answer: 64 MiB. */
const MAX_STDOUT_BYTES = 64 * 1024 * 1024;
const MAX_STDERR_BYTES = 64 * 1024;
/**
 * Most memory of one process of git and most bytes of one file that it writes: 512 MiB. What answers at a remote may never end; git
 * itself has no bound for what it fetches.
 */
const MAX_GIT_BYTES = 512 * 1024 * 1024;
/** Limits that git and its helpers inherit; where a lower one holds already, that stays. */
const LIMITED = [
  `ulimit -d ${MAX_GIT_BYTES / 1024} 2>/dev/null`,
  `ulimit -f ${MAX_GIT_BYTES / 512} 2>/dev/null`,
  'exec git "$@"',
].join("; ");
/** How a shell ends that finds no such program. */
const NOT_FOUND = 127;
/** From the polite signal, on which git removes its lock files, to the hard one. */
const KILL_GRACE_MS = 2_000;

/** One git command. */
export interface GitRun {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array | undefined;
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Exit codes that are an answer and not a failure; 0 by default. */
  readonly okay?: readonly number[] | undefined;
}

/** What git answered. */
export interface GitAnswer {
  readonly code: number;
  readonly stdout: Buffer;
}

/** Variables handed on from the service to git; everything else stays out. */
const INHERITED = [
  "PATH",
  "TMPDIR",
  "SSH_AUTH_SOCK",
  "SSL_CERT_FILE",
  "GIT_SSL_CAINFO",
  // Curl, which Git uses, takes these in either spelling. None for http: a token is sent so to this machine only.
  "HTTPS_PROXY",
  "https_proxy",
  "NO_PROXY",
  "no_proxy",
] as const;

/** Environment for git: no system configuration, no prompt, no pager, plain English messages, `home` for everything else. */
export function gitEnvironment(home: string): Record<string, string> {
  const env: Record<string, string> = {
    HOME: home,
    LC_ALL: "C",
    TZ: "UTC",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: `${home}/gitconfig`,
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ASKPASS: "false",
    SSH_ASKPASS: "false",
    GIT_SSH_COMMAND: "ssh -o BatchMode=yes -o ConnectTimeout=10",
    GIT_ALLOW_PROTOCOL: "file:https:http:ssh",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_PAGER: "cat",
    GIT_EDITOR: "false",
    GIT_NO_REPLACE_OBJECTS: "1",
  };
  for (const name of INHERITED) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}

/** Git starts helpers (ssh, upload-pack): the signal goes to its whole group. */
function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}

class Collected {
  readonly #chunks: Buffer[] = [];
  readonly #max: number;
  bytes = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** False if it is more than may be kept. */
  add(chunk: Buffer): boolean {
    this.bytes += chunk.length;
    if (this.bytes > this.#max) return false;
    this.#chunks.push(chunk);
    return true;
  }

  all(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

function stopped(verb: string, why: "timeout" | "output" | "abort", timeoutMs: number): GitError {
  if (why === "output" && verb === "ls-remote")
    return flooded(`git ${verb} answered more than ${MAX_STDOUT_BYTES} bytes`);
  if (why === "output")
    return new GitError({
      class: "deterministic",
      code: "E_GIT_OUTPUT",
      message: `git ${verb} answered more than ${MAX_STDOUT_BYTES} bytes`,
      action: "Keep large files out of the repository.",
    });
  return new GitError({
    class: "transient",
    code: why === "timeout" ? "E_GIT_TIMEOUT" : "E_GIT_ABORTED",
    message:
      why === "timeout"
        ? `git ${verb} took longer than ${timeoutMs} ms`
        : `git ${verb} was stopped because its caller is`,
    action: "Check that the remote answers; the stage may be tried again.",
  });
}

/** Runs one git command. Throws a GitError for an exit code that isn't okay, for time, for output, and when aborted. */
export async function runGit(run: GitRun): Promise<GitAnswer> {
  const verb = run.args.find((arg) => /^[a-z][a-z-]+$/.test(arg)) ?? "";
  const timeoutMs = run.timeoutMs ?? GIT_TIMEOUT_MS;
  if (run.signal?.aborted === true) throw stopped(verb, "abort", timeoutMs);
  const args = ["-c", "core.hooksPath=/dev/null", ...run.args];
  const child = spawn("/bin/sh", ["-c", LIMITED, "git", ...args], {
    cwd: run.cwd,
    env: run.env,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let why: "timeout" | "output" | "abort" | undefined;
  let hard: NodeJS.Timeout | undefined;
  const stop = (reason: "timeout" | "output" | "abort") => {
    if (why !== undefined) return;
    why = reason;
    killGroup(child, "SIGTERM");
    hard = setTimeout(() => killGroup(child, "SIGKILL"), KILL_GRACE_MS);
  };
  const timer = setTimeout(() => stop("timeout"), timeoutMs);
  const onAbort = () => stop("abort");
  run.signal?.addEventListener("abort", onAbort, { once: true });
  const stdout = new Collected(MAX_STDOUT_BYTES);
  // Its end names the cause, whatever the remote said before.
  let stderr = Buffer.alloc(0);
  child.stdout.on("data", (chunk: Buffer) => {
    if (!stdout.add(chunk)) stop("output");
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr = Buffer.concat([stderr, chunk]).subarray(-MAX_STDERR_BYTES);
  });
  // A command that fails early doesn't read its input; its exit code says why.
  child.stdin.on("error", () => {});
  child.stdin.end(run.input ?? "");
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (exit) => resolve(exit ?? -1));
    });
    if (why !== undefined) throw stopped(verb, why, timeoutMs);
    if ((run.okay ?? [0]).includes(code)) return { code, stdout: stdout.all() };
    // A push says on standard output which ref was refused and why.
    const said = [stdout.all(), stderr].map((text) => text.toString().slice(-MAX_STDERR_BYTES));
    if (code === NOT_FOUND) throw new Error(redact(said.join(" ")));
    throw failedGit(verb, code, said.join("\n"));
  } catch (error) {
    if (error instanceof GitError) throw error;
    throw new GitError(
      {
        class: "deterministic",
        code: "E_GIT_MISSING",
        message: `the git program could not be started: ${error instanceof Error ? error.message : "unknown"}`,
        action: "Install git 2.38 or newer in the service's image.",
      },
      { cause: error },
    );
  } finally {
    clearTimeout(timer);
    clearTimeout(hard);
    run.signal?.removeEventListener("abort", onAbort);
  }
}
