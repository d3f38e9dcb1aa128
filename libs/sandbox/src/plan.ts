/** What is to be run in a sandbox, within which bounds, and how it ended. */
import type { Readable } from "node:stream";

import type { Failure } from "@baton/contracts";

/** Bounds of one run; each is held, none can be switched off. */
export interface SandboxLimits {
  /** From the start, in milliseconds of wall time. */
  readonly timeMs: number;
  /** Memory of all its processes together. */
  readonly memoryBytes: number;
  /** Processes and threads at a time; more can't be started. */
  readonly tasks: number;
  /** Of each process; more can't be opened. */
  readonly openFiles: number;
  /** Largest file. */
  readonly fileBytes: number;
  /** What may be written to its temporary folder, and as much again to shared memory. */
  readonly scratchBytes: number;
  /** Standard output and standard error together. */
  readonly outputBytes: number;
}

const MIB = 2 ** 20;

/** Bounds that a plan doesn't name. */
export const DEFAULT_LIMITS: SandboxLimits = {
  timeMs: 60_000,
  memoryBytes: 1024 * MIB,
  tasks: 128,
  openFiles: 256,
  fileBytes: 64 * MIB,
  scratchBytes: 64 * MIB,
  outputBytes: 16 * MIB,
};

/**
 * What can be reached from inside: nothing; one Unix socket, at the path that it has outside, which must let everybody connect;
 * or all that this machine reaches.
 */
export type SandboxNetwork = "none" | { readonly model: string } | "open";

/**
 * One run. Whatever is named by a path outside has the same path inside, except the tree, which is `/tree`. Nothing of the caller's
 * environment, home or open files is there; what is in a plan is visible to what runs, so no secret belongs in one.
 */
export interface SandboxPlan {
  /** A program (`process.execPath`, one on /usr/bin:/bin, or a path) and its arguments; no shell reads them. */
  readonly command: readonly [string, ...string[]];
  /** The whole environment beside PATH, HOME, TMPDIR and LANG. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Standard input; empty otherwise. A stream is for what depends on the answers: its end ends the input. */
  readonly input?: string | Uint8Array | Readable;
  /** A folder that becomes the tree and may be written; otherwise the tree is empty and can't be written. */
  readonly tree?: string;
  /** Files in the tree by relative path that can't be written. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Folders in the tree by relative path that can't be written, and where they are outside. */
  readonly folders?: Readonly<Record<string, string>>;
  /** A folder that becomes its home and may be written; otherwise that is its temporary folder, which is gone afterwards. */
  readonly home?: string;
  /** More files and folders outside that may be read, such as where a program is installed. */
  readonly reads?: readonly string[];
  /** Default: none. */
  readonly network?: SandboxNetwork;
  readonly limits?: Partial<SandboxLimits>;
}

/** Which of the bounds ended a run. */
type EndingLimit = "time" | "memory" | "output" | "file";

/** How a run ended. */
export type SandboxEnding =
  | { readonly kind: "exited"; readonly code: number }
  /** By its own doing or the system's, such as SIGABRT or the SIGKILL of a machine without memory. */
  | { readonly kind: "killed"; readonly signal: string }
  | { readonly kind: "limit"; readonly limit: EndingLimit; readonly most: number }
  | { readonly kind: "aborted" }
  /** Nothing ran. */
  | { readonly kind: "refused"; readonly failure: Failure };

/** What a run took, as far as it was seen. */
export interface SandboxUsage {
  readonly milliseconds: number;
  readonly peakMemoryBytes: number;
  readonly peakProcesses: number;
  readonly outputBytes: number;
}

/** A run that is over: nothing that it started is left. */
export interface SandboxEnd {
  readonly ending: SandboxEnding;
  readonly usage: SandboxUsage;
  /** What it wrote, up to `keepBytes`; of standard error only the last 64 KiB. */
  readonly stdout: string;
  readonly stderr: string;
  /** Where its tree was, from its own view. */
  readonly tree: string;
}

/** What a caller hears and says while it runs. */
export interface SandboxCall {
  readonly signal: AbortSignal;
  /** Told its first process before the program in it begins (without a sandbox: right after): who kills that ends all of it. */
  readonly onStart?: (pid: number) => void;
  /** Told every piece as it comes; the pieces are cut anywhere. */
  readonly onOutput?: (piece: Buffer, stream: "stdout" | "stderr") => void;
  /** Most bytes of standard output that the end holds; default: all that it may write. */
  readonly keepBytes?: number;
}
