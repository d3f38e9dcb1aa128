/** A difference between what runs and what should, for people: what it is, and what to do. Pure. */
import type { Difference } from "./compare-running.ts";
import { unaccountedText } from "./unaccounted-text.ts";

/** What is said of it. */
export interface DifferenceText {
  readonly found: string;
  readonly action: string;
}

/** `repository`: where main is. */
export function differenceText(one: Difference, repository: string): DifferenceText {
  const { candidateId, undone } = one;
  const moved = undone === null ? "" : `; main was moved back behind ${undone.slice(0, 12)}`;
  const outOf = `\`baton incident open --class B --candidate ${candidateId} --why …\``;
  const asWas =
    undone === null
      ? `put strategies/${candidateId}.yaml back on main`
      : `bring main forward again (${undone.slice(0, 12)} in ${repository} has its file)`;
  switch (one.kind) {
    case "missing":
      return {
        found: `${candidateId} should run (the journal has it at ${one.stage}), and main doesn't have it${moved}; ${heldText(one.held)}`,
        action: `If it should run: ${asWas}; the engine takes it up again. If not: ${outOf}, so that the journal says so too.`,
      };
    case "level":
      return {
        found: `${candidateId} should run at ${one.wants}, and main has it at ${one.has}${moved}`,
        action: `If ${one.wants} is right: ${asWas}. If not: ${outOf}; the engine does what main says meanwhile.`,
      };
    case "unaccounted":
      if (one.problem.why === "recovering")
        return {
          found: `main still has ${candidateId}: ${unaccountedText(one.problem)}${moved}; the engine increases nothing of it`,
          action:
            one.problem.holder === "review"
              ? `Answer what \`baton explain ${candidateId}\` asks, or remove strategies/${candidateId}.yaml from main: the engine then runs it down.`
              : `See that ${one.problem.holder} works (\`baton get services\`). If it can't wait, remove strategies/${candidateId}.yaml from main: the engine then runs it down.`,
        };
      return {
        found: `main has ${candidateId} in a form that the journal doesn't account for: ${unaccountedText(one.problem)}${moved}; the engine increases nothing of it`,
        action: `Find out who changed strategies/${candidateId}.yaml, and revert their commit on main.`,
      };
    case "unwanted":
      return {
        found: `main has ${candidateId}, and the journal says that nothing of it runs (${one.reason})${moved}`,
        action: `Remove strategies/${candidateId}.yaml from main: the engine then runs it down. Find out who brought it.`,
      };
    case "unknown":
      if (candidateId.startsWith("drill-"))
        return {
          found: `main has ${candidateId}, a drill's strategy that was left behind: no run is at a drill of that name${moved}`,
          action: `Remove strategies/${candidateId}.yaml from main: the engine runs it down.`,
        };
      return {
        found: `main has ${candidateId}, of which the journal has no entry${moved}`,
        action: `Find out who brought it. To take it out, remove strategies/${candidateId}.yaml from main: the engine runs it down.`,
      };
    case "held":
      return {
        found: `the broker's account ${candidateId} is neither main's nor the journal's; ${heldText(one.held)}`,
        action:
          "The engine runs it down. If it should run, history or main went back: bring them back from the latest copy.",
      };
  }
}

function heldText(held: Extract<Difference, { kind: "held" }>["held"] | null): string {
  if (held === null) return "what the broker holds of it is unknown, for the engine doesn't answer";
  if (held.length === 0) return "its account holds nothing that is run down";
  const text = held.map(({ instrument, held: units }) => `${units} ${instrument}`).join(", ");
  return `the broker holds ${text}, which is run down`;
}
