/**
 * Runs an authored strategy in the sandbox over one instrument, row by row: a row is only sent when the one before was answered, so
 * nothing that the source does can make it know a later one.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { StrategyBar } from "@baton/artifacts";
import type { Failure } from "@baton/contracts";
import { endingInWords, pureNode, type Sandbox, type SandboxEnd } from "@baton/sandbox";
import { printable } from "@baton/text/printable";
import { z } from "zod";

import { openConversation } from "./conversation.ts";
import { type ChildOrder, STRATEGY_FAULTS, type StrategyFaultCode } from "./protocol.ts";

const CHILD = readFileSync(join(import.meta.dirname, "strategy-child.ts"), "utf8");
/** Digest of the program that asks a strategy: what its answers depend on beside the source. */
export const CHILD_SHA256 = createHash("sha256").update(CHILD).digest("hex");

/** What to run, and on which rows. */
export interface StrategyRun extends Omit<ChildOrder, "watchedRows"> {
  readonly bars: readonly StrategyBar[];
}

/** What a source did wrong, and where. */
export interface StrategyFault {
  readonly code: StrategyFaultCode;
  readonly message: string;
  /** Of the history, from 0; null if it never was asked. */
  readonly row: number | null;
  readonly date: string | null;
  readonly parameters: Readonly<Record<string, number>> | null;
}

/** How a run ended: a target per set and row; or the source's fault; or why nothing could be run. */
export type StrategyAnswer =
  | { readonly kind: "targets"; readonly targets: readonly Float64Array[] }
  | { readonly kind: "fault"; readonly fault: StrategyFault }
  | { readonly kind: "unavailable"; readonly failure: Failure };

/** Where a strategy is run. */
export interface StrategyPlace {
  readonly sandbox: Sandbox;
  readonly signal: AbortSignal;
  /** Longest answer to one row, in milliseconds. */
  readonly rowMs?: number;
}

/** Bounds of one run; the stage's own deadline counts too. */
const LIMITS = {
  timeMs: 1_800_000,
  memoryBytes: 1024 * 2 ** 20,
  tasks: 64,
  outputBytes: 256 * 2 ** 20,
} as const;
const HEAP_MIB = 512;
/** Longest answer to one row. */
const ROW_MS = 20_000;
const WATCHED_ROWS = 50;

const Answer = z.union([
  z.strictObject({ weights: z.array(z.number()) }),
  z.strictObject({
    fault: z.strictObject({
      code: z.enum(STRATEGY_FAULTS),
      message: z.string().max(1000),
      set: z.int().min(0).optional(),
    }),
  }),
]);

/** Runs it. Rejects with the signal's reason if that is aborted. */
export async function runStrategy(
  run: StrategyRun,
  { sandbox, signal, rowMs = ROW_MS }: StrategyPlace,
): Promise<StrategyAnswer> {
  const { bars, ...order } = run;
  const talk = openConversation(
    sandbox,
    {
      command: pureNode("child.ts", {
        heapMiB: HEAP_MIB,
        nodeArgs: ["--experimental-vm-modules"],
      }),
      files: { "child.ts": CHILD },
      limits: LIMITS,
    },
    signal,
  );
  try {
    const targets = order.sets.map(() => new Float64Array(bars.length));
    for (let row = -1; row < bars.length; row += 1) {
      const line = row < 0 ? { ...order, watchedRows: WATCHED_ROWS } : { bar: bars[row] };
      const said = await talk.ask(JSON.stringify(line), rowMs);
      signal.throwIfAborted();
      const at = { row, date: bars[row]?.date ?? null };
      if (said.kind === "late") return slowAt(at, rowMs);
      if (said.kind === "ended") return ended(run, at, said.end);
      const answer = Answer.safeParse(parsed(said.line)).data;
      if (answer === undefined) return faultAt(run, at, FOREIGN);
      if ("fault" in answer) return faultAt(run, at, answer.fault);
      if (row < 0) continue;
      const wrong = take(answer.weights, targets, { run, row });
      if (wrong) return faultAt(run, at, wrong);
    }
    return { kind: "targets", targets };
  } finally {
    await talk[Symbol.asyncDispose]();
  }
}

type Fault = Pick<StrategyFault, "code" | "message"> & { readonly set?: number | undefined };

const FOREIGN: Fault = {
  code: "E_STRATEGY_KILLED",
  message: "its process said something else than weights",
};

/** What came out of the sandbox is somebody else's: each weight is looked at here too. */
function take(
  weights: readonly number[],
  targets: readonly Float64Array[],
  { run, row }: { readonly run: StrategyRun; readonly row: number },
): Fault | undefined {
  if (weights.length !== targets.length) return FOREIGN;
  const { least, most } = run.weights;
  for (const [set, weight] of weights.entries()) {
    const isFlat = row >= run.warmUpRows || weight === 0;
    if (!isFlat || weight < least || weight > most)
      return { code: "E_STRATEGY_WEIGHT", message: `its weight is ${weight}`, set };
    const series = targets[set];
    if (series) series[row] = weight;
  }
  return undefined;
}

function faultAt(
  { sets }: Pick<StrategyRun, "sets">,
  { row, date }: { readonly row: number; readonly date: string | null },
  { code, message, set }: Fault,
): StrategyAnswer {
  const parameters = set === undefined ? null : (sets[set] ?? null);
  const where = row < 0 ? null : row;
  return {
    kind: "fault",
    fault: { code, message: printable(message).slice(0, 400), row: where, date, parameters },
  };
}

/** A source that never answers and a machine that is too busy look the same: it's tried as often as the playbook says. */
function slowAt(
  { row, date }: { readonly row: number; readonly date: string | null },
  rowMs: number,
): StrategyAnswer {
  const at = row < 0 ? "to be loaded" : `for row ${row} (${date ?? "?"})`;
  return tryAgain("E_STRATEGY_SLOW", `the strategy took more than ${rowMs / 1000} s ${at}`);
}

function tryAgain(code: string, message: string): StrategyAnswer {
  const action =
    "Look for other load on the machine; if there is none, the source takes too long: make it do less for each row.";
  return { kind: "unavailable", failure: { class: "transient", code, message, action } };
}

/** Its process is gone: of what it took, or because nothing could be run. */
function ended(
  run: StrategyRun,
  at: { readonly row: number; readonly date: string | null },
  { ending, stderr }: SandboxEnd,
): StrategyAnswer {
  if (ending.kind === "refused") return { kind: "unavailable", failure: ending.failure };
  const isOfMachine =
    (ending.kind === "killed" && ending.signal === "SIGKILL") ||
    (ending.kind === "limit" && ending.limit === "time");
  if (isOfMachine) return tryAgain("E_STRATEGY_ENDED", `the strategy ${endingInWords(ending)}`);
  const said = stderr.split("\n").find((line) => /^\w*Error\b/.test(line));
  const message = said ?? `its process ${endingInWords(ending)}`;
  return faultAt(run, at, { code: "E_STRATEGY_KILLED", message });
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
