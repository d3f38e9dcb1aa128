/**
 * Runs an external program as a stage's work.
 *
 * X1: it has bounded time (its own limit, and the stage's deadline), bounded output, and no more of our environment than
 *     PATH, HOME, TMPDIR and LANG: a lane's own variables hold its credentials.
 * X2: it runs in a process group of its own, which is gone when `runProgram` settles: asked first, then killed. What leaves
 *     the group (`setsid`) outlives all of these bounds, so this is for programs that are trusted that far.
 * X3: whatever it writes moves the attempt's progress watermark.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { basename } from "node:path";

import { StageFailure, type StageContext } from "./define-lane.ts";
import { failureOfProgram, lastLine } from "./program-failure.ts";

/** A program and its bounds. */
export interface ProgramOptions {
  readonly command: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  /** Beside PATH, HOME, TMPDIR, LANG and TRACEPARENT. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written to its standard input; that is closed otherwise. */
  readonly input?: string;
  /** Longest time in milliseconds; the stage's deadline bounds it in any case. */
  readonly timeoutMs?: number;
  /** Most bytes of standard output; default 1 MiB. Of standard error the last 64 KiB are kept. */
  readonly maxOutputBytes?: number;
}

/** What a program that did its work wrote. */
export interface ProgramOutput {
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

const MAX_STDOUT = 2 ** 20;
const MAX_STDERR = 2 ** 16;
/** From being asked to end until it's killed. */
const KILL_AFTER_MS = 2000;
/** What it wrote last may take so long to arrive. */
const PIPES_MS = 1000;
/** Longest time that a timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Why a program was ended by us. */
type Ending =
  | { readonly kind: "timeout"; readonly afterMs: number }
  | { readonly kind: "output"; readonly bytes: number }
  | { readonly kind: "aborted" };

/**
 * Runs a program to its end. Throws a StageFailure for one that fails: its class is what the program says on the last line
 * of standard output or by its exit code (65 spec, 70 deterministic, 75 transient, 77 policy; any other is transient).
 * Throws the signal's reason if the attempt is aborted.
 */
export async function runProgram(
  context: Pick<StageContext, "signal" | "deadline" | "traceparent" | "progress" | "log">,
  options: ProgramOptions,
): Promise<ProgramOutput> {
  context.signal.throwIfAborted();
  const name = basename(options.command);
  const startedMs = performance.now();
  const run = start(options, context.traceparent);
  const leftMs = Date.parse(context.deadline) - Date.now();
  const limitMs = Math.max(0, Math.min(options.timeoutMs ?? MAX_TIMER_MS, leftMs, MAX_TIMER_MS));
  const onAbort = (): void => run.end({ kind: "aborted" });
  const timer = setTimeout(() => run.end({ kind: "timeout", afterMs: limitMs }), limitMs);
  context.signal.addEventListener("abort", onAbort, { once: true });
  run.onOutput((text) => context.progress(`${name}: ${lastLine(text, 80)}`));
  try {
    const { code, signal } = await run.closed;
    const { stdout, stderr } = run.output();
    if (run.ending) throw endedBy(run.ending, { name, context });
    const failure = failureOfProgram({ name, code, signal, stdout, stderr });
    if (!failure) return { stdout, stderr, ms: performance.now() - startedMs };
    context.log.warn(
      { program: name, code, signal, stderr: stderr.slice(-4000) },
      "program failed",
    );
    throw failure;
  } finally {
    clearTimeout(timer);
    context.signal.removeEventListener("abort", onAbort);
  }
}

function endedBy(
  ending: Ending,
  { name, context }: { name: string; context: Pick<StageContext, "signal"> },
): unknown {
  switch (ending.kind) {
    case "aborted":
      return context.signal.reason;
    case "timeout":
      return new StageFailure({
        class: "transient",
        code: "E_PROGRAM_TIMEOUT",
        message: `${name} wasn't done after ${Math.round(ending.afterMs)} ms and was ended`,
        action:
          "Find out what it waited for in the lane's log; give it more time if it needs that.",
      });
    case "output":
      return new StageFailure({
        class: "deterministic",
        code: "E_PROGRAM_OUTPUT",
        message: `${name} wrote more than ${ending.bytes} bytes to standard output and was ended`,
        action: "Make it write to a file, or raise maxOutputBytes.",
      });
  }
}

interface Run {
  readonly closed: Promise<{ code: number | null; signal: string | null }>;
  readonly ending: Ending | undefined;
  output(): { stdout: string; stderr: string };
  onOutput(listener: (text: string) => void): void;
  end(ending: Ending): void;
}

function start(options: ProgramOptions, traceparent: string): Run {
  const maxBytes = options.maxOutputBytes ?? MAX_STDOUT;
  const child = spawn(options.command, [...(options.args ?? [])], {
    cwd: options.cwd,
    env: { ...inherited(), TRACEPARENT: traceparent, ...options.env },
    stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    detached: true,
  });
  let listener: (text: string) => void = () => undefined;
  let ending: Ending | undefined;
  let stdout = "";
  let stderr = "";
  let bytes = 0;
  const end = (why: Ending): void => {
    if (ending) return;
    ending = why;
    endGroup(child);
  };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    bytes += Buffer.byteLength(text);
    if (bytes > maxBytes) end({ kind: "output", bytes: maxBytes });
    else stdout += text;
    listener(text);
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-MAX_STDERR);
    listener(text);
  });
  // It may end before it has read everything.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(options.input);
  return {
    closed: closing(child, options.command),
    output: () => ({ stdout, stderr }),
    get ending() {
      return ending;
    },
    onOutput: (told) => (listener = told),
    end,
  };
}

/** Resolves when it's gone with all it started; rejects with a StageFailure if it couldn't be started. */
function closing(
  child: ChildProcess,
  command: string,
): Promise<{ code: number | null; signal: string | null }> {
  return new Promise((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      const { code = "?" } = error;
      // Out of processes or memory: somebody else's doing.
      const away = ["EAGAIN", "ENOMEM", "EMFILE", "ENFILE"].includes(code);
      const failure = {
        class: away ? ("transient" as const) : ("deterministic" as const),
        code: away ? "E_UNAVAILABLE" : "E_PROGRAM_MISSING",
        message: `${command} can't be started: ${error.message}`,
        action: "Check that the program is installed in the lane's image and may be run.",
      };
      reject(new StageFailure(failure, { cause: error }));
    });
    child.once("exit", () => {
      // What it started may hold its pipes open, and may have left its group: "close" comes when they're closed.
      signalGroup(child, "SIGKILL");
      setTimeout(
        () => [child.stdout, child.stderr].forEach((pipe) => pipe?.destroy()),
        PIPES_MS,
      ).unref();
    });
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
}

function endGroup(child: ChildProcess): void {
  signalGroup(child, "SIGTERM");
  const isGone = (): boolean => child.exitCode !== null || child.signalCode !== null;
  setTimeout(() => isGone() || signalGroup(child, "SIGKILL"), KILL_AFTER_MS).unref();
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It's gone.
  }
}

function inherited(): Record<string, string> {
  return Object.fromEntries(
    ["PATH", "HOME", "TMPDIR", "LANG"].flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
