/**
 * Who does a stage's work, what that may cost, and what a lane may change in a repository, as a playbook says it.
 *
 * X1: a stage whose verdict is read from a gate report judges; no program from outside judges. Nor does one act on the broker or
 *     keep the evidence (lanes E and F). Of the built-in lanes only lane B has work for one.
 * X2: what can't be counted has no budget: only the model's gateway counts.
 * X3: whatever two candidates are called, no path belongs to both, nor to two lanes.
 */
import { AGENT_NETWORKS, AGENTS, type Assignment, type SpendLimit } from "@baton/contracts";
import { z } from "zod";

const printableLine = z.string().regex(/^[^\p{C}\p{Zl}\p{Zp}]{1,200}$/u, {
  error: "1 to 200 printable characters",
});

const Command = z
  .strictObject({
    agent: z.enum(AGENTS),
    /** Of `plain`: the program and its arguments. */
    program: z.array(z.string().min(1).max(1000)).min(1).max(100).optional(),
    model: printableLine.optional(),
    network: z.enum(AGENT_NETWORKS).default("model"),
  })
  .superRefine(({ agent, program }, context) => {
    const [needs, has] = [agent === "plain", program !== undefined];
    if (needs === has) return;
    const message = needs
      ? "plain needs the program and its arguments, e.g. [/opt/tools/write-strategy, --fast]"
      : `the lane's configuration says where ${agent} is: take it out`;
    context.addIssue({ code: "custom", path: ["program"], message });
  });

const RULE = "builtin, or { command: { agent: codex | claude | plain, … } }";

/** As a stage says it; `builtin` where it says nothing. */
export const ExecutorKey = z.unknown().transform((value, context) => {
  const fault = (message: string, path: PropertyKey[] = []): never => {
    context.addIssue({ code: "custom", message, path });
    return z.NEVER;
  };
  if (value === undefined || value === "builtin") return undefined;
  const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
  if (keys.length !== 1) return fault(`an executor is ${RULE}`);
  if (keys[0] === "agentrun") return fault(`agentrun isn't supported yet: ${RULE}`);
  if (keys[0] !== "command") return fault(`there is no executor ${keys[0]}: ${RULE}`);
  const parsed = Command.safeParse(Reflect.get(Object(value), "command"));
  if (parsed.success) return parsed.data;
  for (const { message, path } of parsed.error.issues) fault(message, ["command", ...path]);
  return z.NEVER;
});
export type Command = z.infer<typeof Command>;

/** Most of what a budget may name: far above anything sensible, and exact in millionths. */
const Count = z.int().min(1).max(1e12);
const amounts = {
  tokens: Count.optional(),
  /** In the unit that prices are in. */
  money: z.number().positive().max(1e9).optional(),
  /** Calls of the model. */
  calls: Count.optional(),
};
/** Of a candidate over all its runs. */
export const CandidateBudget = z.strictObject(amounts);
/** Of each run of a stage. */
export const StageBudget = z.strictObject({
  ...amounts,
  /** That one attempt's program may run. */
  seconds: z
    .number()
    .min(1)
    .max(30 * 86_400)
    .optional(),
});

/** The wire's form. */
export function limitOf({ tokens, money, calls }: z.infer<typeof CandidateBudget>): SpendLimit {
  return {
    ...(tokens !== undefined && { tokens }),
    ...(money !== undefined && { micros: Math.max(1, Math.round(money * 1e6)) }),
    ...(calls !== undefined && { calls }),
  };
}

/** The wire's form. */
export function executorOf({ agent, program, model, network }: Command): Assignment["executor"] {
  return {
    kind: "command",
    agent,
    ...(program && { program }),
    ...(model !== undefined && { model }),
    network,
  };
}

/** Built-in lanes, and what each says to an executor. */
const WITHOUT: Readonly<Record<string, string>> = {
  "lane-a": "lane-a has no work for an executor",
  "lane-c": "lane-c has no work for an executor",
  "lane-d": "lane-d judges, and nobody else does",
  "lane-e": "lane-e acts on what runs, and nobody else does",
  "lane-f": "lane-f keeps the evidence, and nobody else does",
};

/** Why the stage can't have its executor and budget, by key; empty if it can (X1, X2). */
export function executorFaults(stage: {
  readonly lane: string;
  readonly gate?: string | undefined;
  readonly executor?: Command | undefined;
  readonly budget?: z.infer<typeof StageBudget> | undefined;
}): { readonly key: "executor" | "budget"; readonly message: string }[] {
  const { lane, gate, executor, budget } = stage;
  if (executor === undefined)
    return budget === undefined
      ? []
      : [{ key: "budget", message: "a builtin executor spends nothing: take it out" }];
  const never = Object.hasOwn(WITHOUT, lane) ? WITHOUT[lane] : undefined;
  if (never !== undefined) return [{ key: "executor", message: `${never}: builtin here` }];
  if (gate !== undefined)
    return [
      { key: "executor", message: "a stage with a gate judges by its own code: builtin here" },
    ];
  const { seconds: _seconds, ...amount } = budget ?? {};
  if (executor.network === "model" || Object.keys(amount).length === 0) return [];
  const message = `network: ${executor.network} goes past the gateway, so nobody counts: only seconds hold there`;
  return [{ key: "budget", message }];
}
