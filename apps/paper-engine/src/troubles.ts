/** What people have to look at in what runs, for readiness and metrics. */
import { type RunningStrategies, STRATEGY_TROUBLES } from "@baton/artifacts";
import type { RaiseEnding } from "@baton/brokerage";
import { cut } from "@baton/contracts";
import type { Meter } from "@baton/telemetry";

import { refusedText } from "./matters.ts";

type Status = Pick<RunningStrategies, "strategies" | "refused" | "unclaimed">;

/** Most that are named; the status has all of them. */
const MOST_NAMED = 10;

/** One sentence each: strategies in trouble, files that can't be applied, accounts without a strategy. */
export function troublesIn({ strategies, refused, unclaimed = [] }: Status): readonly string[] {
  const all = [
    ...strategies.flatMap(({ candidateId, trouble, problem }) =>
      trouble == null ? [] : [`${candidateId}: ${problem ?? trouble}`],
    ),
    ...refused.map(refusedText),
    ...unclaimed.map(
      ({ account, problem }) =>
        `account ${account} has no strategy on main and is run down${problem === null ? "" : `: ${problem}`}`,
    ),
  ].map((text) => cut(text, 300));
  if (all.length <= MOST_NAMED) return all;
  return [...all.slice(0, MOST_NAMED), `and ${all.length - MOST_NAMED} more`];
}

/** A raised limit that ends soon or is over, and who can go on with it. */
export function endingText({ of, until, isOver }: RaiseEnding): string {
  const what = `the raised limit of ${of === "*" ? "all other accounts" : of}`;
  const next = "two people agree anew by `baton limits sign`";
  return isOver
    ? `${what} is over since ${until}: the default holds, or ${next}`
    : `${what} ends at ${until}, when the default holds again; before that ${next}`;
}

/** Registers the series about what runs. */
export function countTroubles(meter: Meter, status: () => Status): void {
  meter
    .createObservableGauge("baton_engine_strategies", {
      description: "Strategies that run, by what people have to look at; none: nothing",
    })
    .addCallback((result) => {
      const { strategies } = status();
      for (const trouble of [null, ...STRATEGY_TROUBLES]) {
        const count = strategies.filter((of) => (of.trouble ?? null) === trouble).length;
        result.observe(count, { trouble: trouble ?? "none" });
      }
    });
  meter
    .createObservableGauge("baton_engine_files_refused", {
      description: "Strategy files on main that can't be applied",
    })
    .addCallback((result) => result.observe(status().refused.length));
  meter
    .createObservableGauge("baton_engine_files_unaccounted", {
      description:
        "Strategy files on main that aren't increased, as the journal doesn't account for them",
    })
    .addCallback((result) => {
      const { refused } = status();
      result.observe(refused.filter(({ code }) => code === "E_UNACCOUNTED").length);
    });
  meter
    .createObservableGauge("baton_engine_accounts_unclaimed", {
      description: "Accounts that are run down because main has no strategy of theirs",
    })
    .addCallback((result) => result.observe(status().unclaimed?.length ?? 0));
}
