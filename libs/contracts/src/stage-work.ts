/**
 * A stage's work that a program from outside does, such as a coding agent: what the dispatch says of it, what it may cost, and what a
 * report says that it took. Figures are counted by the lane's gateway; nothing here is the program's own word, but what it is called.
 */
import { z } from "zod";

import { Identity } from "./identity.ts";
import { Sha256, Stage, RunId, CommandId, Instant } from "./names.ts";
import { printableText } from "./text.ts";
import { openUnion, wireObject } from "./wire.ts";

const Figure = z.int().min(0);

/** One of `T`; a newer release's may be another. */
function openName<const T extends string>(_known: readonly T[]): z.ZodType<T> {
  return z.custom<T>(
    (value) => typeof value === "string" && /^[a-z][a-z0-9-]{0,39}$/.test(value),
    "a name of a-z, 0-9 and -",
  );
}

/** What was spent: tokens of all kinds, millionths of the currency unit that prices are in, calls of the model. */
export const Amount = wireObject({ tokens: Figure, micros: Figure, calls: Figure });
export type Amount = z.infer<typeof Amount>;

export const NO_AMOUNT: Amount = { tokens: 0, micros: 0, calls: 0 };

const Most = z.int().positive().max(Number.MAX_SAFE_INTEGER);
/** Most that may be spent; what isn't named isn't bounded. */
export const SpendLimit = wireObject({
  tokens: Most.optional(),
  micros: Most.optional(),
  calls: Most.optional(),
});
export type SpendLimit = z.infer<typeof SpendLimit>;

/** The command lines that are known, and `plain`: any other program. */
export const AGENTS = ["codex", "claude", "plain"] as const;
/** What a program in the sandbox reaches: the model's gateway, everything, nothing. */
export const AGENT_NETWORKS = ["model", "open", "none"] as const;

/** Who does the work. */
const Executor = openUnion([
  wireObject({
    kind: z.literal("command"),
    agent: openName(AGENTS),
    /** Of `plain`: the program and its arguments; no shell reads them. */
    program: z.array(z.string().max(1000)).min(1).max(100).optional(),
    model: z.string().max(100).optional(),
    network: openName(AGENT_NETWORKS),
  }),
]);

/** What a dispatch says of work that isn't built in. */
export const Assignment = wireObject({
  executor: Executor,
  /** Of this stage run; grants are in it. */
  stageRun: SpendLimit.optional(),
  /** Of the candidate over all its runs; grants are in it. */
  candidate: SpendLimit.optional(),
  /** Seconds that an attempt's program may run. */
  seconds: z.number().positive().optional(),
  /** By the candidate before this stage run. */
  spent: Amount,
});
export type Assignment = z.infer<typeof Assignment>;

/** The budget that stopped it. */
export const SpentBudget = wireObject({
  scope: openName(["attempt", "stage-run", "candidate"]),
  measure: openName(["tokens", "micros", "calls"]),
  limit: Figure,
  spent: Figure,
});
export type SpentBudget = z.infer<typeof SpentBudget>;

/** How a program's run ended, as the lane judges it. */
export const WORK_ENDS = [
  "delivered",
  "taken-up",
  "budget",
  "time",
  "limit",
  "failed",
  "unfinished",
  "nothing",
  "refused",
  "stopped",
] as const;

const Name = (max: number) => printableText(z.string().min(1).max(max), "name", "line");

/** What a report says of an attempt's program. */
export const WorkDone = wireObject({
  agent: openName(AGENTS),
  version: Name(80).optional(),
  model: Name(100).optional(),
  /** The program's own name of its session; it can be resumed by it. */
  session: Name(100).optional(),
  network: openName(AGENT_NETWORKS),
  ended: openName(WORK_ENDS),
  /** Milliseconds that it ran. */
  ms: Figure,
  /** By this attempt; absent where nobody counts (an open network). */
  spent: Amount.optional(),
  /** By this stage run so far, attempts that died included. */
  sum: Amount,
  cutBy: SpentBudget.optional(),
  /** What it wrote, in the artifact store. */
  log: wireObject({ sha256: Sha256, bytes: Figure }).optional(),
});
export type WorkDone = z.infer<typeof WorkDone>;

/** What a candidate has spent at a stage: in the latest run that had it, and in runs before. */
export const Spending = wireObject({ stage: Stage, runId: RunId, run: Amount, before: Amount });
export type Spending = z.infer<typeof Spending>;

/** Most stages that a playbook has. */
export const MAX_SPENDINGS = 64;

/** More of a budget, by a person: for the candidate, and for the stage run that it was given for. */
export const Grant = wireObject({
  stage: Stage,
  runId: RunId,
  by: Identity,
  commandId: CommandId,
  time: Instant,
  more: SpendLimit,
});
export type Grant = z.infer<typeof Grant>;

export const MAX_GRANTS = 20;

/** The sum of two amounts. */
export function plusAmount(one: Amount, other: Amount): Amount {
  return {
    tokens: one.tokens + other.tokens,
    micros: one.micros + other.micros,
    calls: one.calls + other.calls,
  };
}
