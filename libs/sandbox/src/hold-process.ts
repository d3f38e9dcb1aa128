/**
 * Holds a process that is running to its bounds and tells how it ended.
 *
 * H1: what it writes is counted and told as it comes; in memory stays no more than is asked for.
 * H2: time, output and memory each end it at most once; the first of them is what is told.
 * H3: the end is told when nothing of it is left, but no later than `GONE_MS` after it was killed.
 */
import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";

import { keepFirst, keepLast, type Kept } from "./kept-output.ts";
import type { SandboxCall, SandboxEnd, SandboxEnding, SandboxLimits } from "./plan.ts";
import { startOf, treeUsage } from "./process-tree.ts";

/** What is held, and by which means. */
export interface HeldProcess {
  readonly child: ChildProcess;
  readonly limits: SandboxLimits;
  /** First of the processes that are watched and killed with all that descend from it; undefined before it is known. */
  readonly root: () => number | undefined;
  /** Ends all of it at once; may be called again. */
  readonly kill: () => void;
  /** Its exit code, or 128 and the signal's number; undefined if it wasn't started. */
  readonly exitCode: () => number | undefined;
  /** What is told if it wasn't started, by what was written to standard error. */
  readonly refusal: (stderr: string) => SandboxEnding;
}

const STDERR_BYTES = 65_536;
/** From the killing to the last moment at which the end is told. */
const GONE_MS = 2000;
/** The longest and shortest pause between two looks at the memory, and how fast a program may fill it, in bytes a millisecond. */
const LOOK_MS = { longest: 200, shortest: 5 } as const;
const FILL_RATE = 4 * 2 ** 20;

/** Waits for its end. */
export async function holdProcess(
  held: HeldProcess,
  call: SandboxCall,
): Promise<Omit<SandboxEnd, "tree">> {
  const { limits } = held;
  const startedMs = performance.now();
  let why: SandboxEnding | undefined;
  const end = (ending: SandboxEnding): void => {
    why ??= ending;
    held.kill();
  };
  const endBy = (limit: "time" | "memory" | "output", most: number): void =>
    end({ kind: "limit", limit, most });
  const stop = (): void => end({ kind: "aborted" });
  const timer = setTimeout(
    () => endBy("time", limits.timeMs),
    Math.min(limits.timeMs, 2 ** 31 - 1),
  );
  call.signal.addEventListener("abort", stop, { once: true });
  if (call.signal.aborted) stop();
  const stdout = keepFirst(call.keepBytes ?? limits.outputBytes);
  const stderr = keepLast(STDERR_BYTES);
  const output = readOutput(held, { stdout, stderr, call }, () =>
    endBy("output", limits.outputBytes),
  );
  const watch = watchMemory(held, () => endBy("memory", limits.memoryBytes));
  try {
    await closed(held);
    await gone(held);
  } finally {
    clearTimeout(timer);
    watch.stop();
    call.signal.removeEventListener("abort", stop);
  }
  return {
    ending: why ?? naturalEnd(held, stderr.text()),
    usage: {
      milliseconds: Math.round(performance.now() - startedMs),
      ...watch.peak,
      outputBytes: output.bytes,
    },
    stdout: stdout.text(),
    stderr: stderr.text(),
  };
}

function readOutput(
  { child, limits }: HeldProcess,
  to: { readonly stdout: Kept; readonly stderr: Kept; readonly call: SandboxCall },
  tooMuch: () => void,
): { readonly bytes: number } {
  const count = { bytes: 0 };
  const listen = (from: Readable | null, name: "stdout" | "stderr"): void => {
    from?.on("error", () => undefined);
    from?.on("data", (piece: Buffer) => {
      count.bytes += piece.byteLength;
      // What comes between the killing and the end is nobody's.
      if (count.bytes > limits.outputBytes) return tooMuch();
      to[name].add(piece);
      to.call.onOutput?.(piece, name);
    });
  };
  listen(child.stdout, "stdout");
  listen(child.stderr, "stderr");
  return count;
}

/** The more there is, the sooner it looks again: by then no program has filled what is left. */
function watchMemory({ root, limits }: HeldProcess, tooMuch: () => void) {
  const peak = { peakMemoryBytes: 0, peakProcesses: 0 };
  let next: NodeJS.Timeout;
  const look = (): void => {
    const pid = root();
    const { memoryBytes, processes } =
      pid === undefined ? { memoryBytes: 0, processes: 0 } : treeUsage(pid);
    peak.peakMemoryBytes = Math.max(peak.peakMemoryBytes, memoryBytes);
    peak.peakProcesses = Math.max(peak.peakProcesses, processes);
    if (memoryBytes > limits.memoryBytes) tooMuch();
    const left = Math.max(0, limits.memoryBytes - memoryBytes) / FILL_RATE;
    next = setTimeout(look, Math.min(LOOK_MS.longest, Math.max(LOOK_MS.shortest, left)));
  };
  next = setTimeout(look, LOOK_MS.shortest);
  return { peak, stop: () => clearTimeout(next) };
}

/** Resolves when it has ended and its pipes are closed; what holds one open longer isn't waited for. */
function closed({ child }: HeldProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("error", () => resolve());
    child.once("close", () => resolve());
    child.once("exit", () => {
      setTimeout(() => {
        for (const pipe of child.stdio) pipe?.destroy();
      }, GONE_MS / 2).unref();
    });
  });
}

/** Kills what is left of it, and waits for that. */
async function gone({ root, kill }: HeldProcess): Promise<void> {
  const pid = root();
  const began = pid === undefined ? undefined : startOf(pid);
  if (pid === undefined || began === undefined) return;
  const deadline = performance.now() + GONE_MS;
  while (startOf(pid) === began && performance.now() < deadline) {
    kill();
    await delay(5);
  }
}

const SIGNALS = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

function naturalEnd({ exitCode, refusal, limits }: HeldProcess, stderr: string): SandboxEnding {
  const code = exitCode();
  if (code === undefined) return refusal(stderr);
  const signal = code > 128 ? SIGNALS.get(code - 128) : undefined;
  if (signal === "SIGXFSZ") return { kind: "limit", limit: "file", most: limits.fileBytes };
  return signal === undefined ? { kind: "exited", code } : { kind: "killed", signal };
}
