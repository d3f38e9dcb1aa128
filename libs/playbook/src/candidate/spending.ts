/** What programs from outside spend on a candidate: how reports are counted, and what a dispatch says may still be spent. Pure. */
import {
  type Amount,
  type Assignment,
  type Grant,
  NO_AMOUNT,
  plusAmount,
  type RetryRule,
  type SpendLimit,
  type Spending,
  type SpentBudget,
  type WholeEntry,
} from "@baton/contracts";

import type { Playbook, StageRule } from "../format/playbook.ts";
import type { Question } from "./decision.ts";

const MEASURES = ["tokens", "micros", "calls"] as const;

/**
 * The question with what its report says was spent counted in. A report says the sum of its stage run, so one that comes again, or
 * late, counts nothing twice.
 */
export function withSpending(question: Question): Question {
  const { last, happening } = question;
  if (!last || happening.kind !== "report" || happening.report.work === undefined) return question;
  const { stage, runId, work } = happening.report;
  if (last.entry.stage !== stage || last.entry.runId !== runId) return question;
  const spent = counted(last.entry.spent ?? [], { stage, runId, sum: work.sum });
  return { ...question, last: { ...last, entry: { ...last.entry, spent } } };
}

function counted(
  before: readonly Spending[],
  { stage, runId, sum }: Pick<Spending, "stage" | "runId"> & { sum: Amount },
): Spending[] {
  const old = before.find((one) => one.stage === stage);
  const others = before.filter((one) => one !== old);
  if (!old) return [...others, { stage, runId, run: sum, before: NO_AMOUNT }];
  if (old.runId === runId) return [...others, { ...old, run: most(old.run, sum) }];
  return [...others, { stage, runId, run: sum, before: plusAmount(old.before, old.run) }];
}

function most(one: Amount, other: Amount): Amount {
  return {
    tokens: Math.max(one.tokens, other.tokens),
    micros: Math.max(one.micros, other.micros),
    calls: Math.max(one.calls, other.calls),
  };
}

/** All that the candidate has spent. */
export function spentBy({ spent = [] }: Pick<WholeEntry, "spent">): Amount {
  return spent.reduce(
    (sum, { run, before }) => plusAmount(sum, plusAmount(run, before)),
    NO_AMOUNT,
  );
}

/** What the dispatch of `entry`'s stage tells its lane beside the retry rule. */
export function assignmentOf(
  { limits, surfaces }: Playbook,
  { stage, lane, executor, budget }: StageRule,
  entry: Pick<WholeEntry, "runId" | "spent" | "grants">,
): Pick<RetryRule, "surfaces" | "work"> {
  const own = Object.entries(surfaces).find(([name]) => name === lane)?.[1];
  const globs = own && { surfaces: [...own] };
  if (executor === null) return { ...globs };
  const { grants = [] } = entry;
  const ofRun = grants.filter((one) => one.stage === stage && one.runId === entry.runId);
  const { seconds, ...amount } = budget ?? {};
  const stageRun = withGrants(amount, ofRun);
  const candidate = limits.budget && withGrants(limits.budget, grants);
  const work: Assignment = {
    executor,
    ...(Object.keys(stageRun).length > 0 && { stageRun }),
    ...(candidate && { candidate }),
    ...(seconds !== undefined && { seconds }),
    spent: spentBy(entry),
  };
  return { ...globs, work };
}

function withGrants(limit: SpendLimit, grants: readonly Grant[]): SpendLimit {
  return Object.fromEntries(
    MEASURES.flatMap((measure) => {
      const own = limit[measure];
      const more = grants.reduce((sum, grant) => sum + (grant.more[measure] ?? 0), 0);
      return own === undefined ? [] : [[measure, own + more]];
    }),
  );
}

/** The candidate's budget that is spent before the stage runs again; undefined if there's some left. */
export function spentBudget({ candidate, spent }: Assignment): SpentBudget | undefined {
  const measure = MEASURES.find((one) => (candidate?.[one] ?? Infinity) <= spent[one]);
  if (measure === undefined) return undefined;
  const limit = candidate?.[measure] ?? 0;
  return { scope: "candidate", measure, limit, spent: spent[measure] };
}
