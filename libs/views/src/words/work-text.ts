/** What programs from outside did and took, in words. */
import type { Amount, Spending, SpentBudget, WorkDone } from "@baton/contracts";
import { printable } from "@baton/text/printable";

const count = new Intl.NumberFormat("en-US");

/** `2,100 tokens, 0.0021 in 2 calls`: money in the unit that prices are in. */
export function amountText({ tokens, micros, calls }: Amount): string {
  const money = micros === 0 ? "" : `, ${moneyText(micros)} money`;
  return `${count.format(tokens)} tokens${money} in ${count.format(calls)} call${calls === 1 ? "" : "s"}`;
}

/** Millionths of the currency unit as the unit, in as many decimals as they take, two at least. */
export function moneyText(micros: number): string {
  const [whole = "0", part = ""] = (micros / 1e6).toFixed(6).split(".");
  return `${count.format(Number(whole))}.${part.replace(/0{1,4}$/, "")}`;
}

/** `codex 0.171.0`, as it says of itself. */
export function agentText({ agent, version }: Pick<WorkDone, "agent" | "version">): string {
  return printable(version === undefined ? agent : `${agent} ${version}`);
}

/** Of one attempt, for a narrow place. */
export function workNote(work: WorkDone): string {
  const { spent, ended } = work;
  const took = spent === undefined ? "not counted" : amountText(spent);
  return `${agentText(work)}, ${took}${ended === "delivered" ? "" : `, ${ended}`}`;
}

const UNITS = { tokens: "tokens", micros: "money", calls: "calls" } as const;

/** Which budget was spent. */
export function budgetText({ scope, measure, limit, spent }: SpentBudget): string {
  const figure = (value: number): string =>
    measure === "micros" ? moneyText(value) : count.format(value);
  return `the ${scope}'s budget: ${figure(spent)} of ${figure(limit)} ${UNITS[measure]}`;
}

/** What a candidate has spent, by stage; undefined if nothing. */
export function spendingText(spent: readonly Spending[] = []): string | undefined {
  if (spent.length === 0) return undefined;
  return spent
    .map(({ stage, run, before }) => {
      const earlier = before.calls === 0 ? "" : `, in earlier runs ${amountText(before)}`;
      return `${stage} ${amountText(run)}${earlier}`;
    })
    .join("; ");
}
