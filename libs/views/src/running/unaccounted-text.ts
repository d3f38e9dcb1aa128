/** Why a file on main isn't accounted for, for people. Pure. */
import type { Unaccounted } from "./account-for.ts";

function who(holder: string): string {
  return holder === "review" ? "people to answer" : holder;
}

/** One clause, without the candidate. */
export function unaccountedText(problem: Unaccounted): string {
  switch (problem.why) {
    case "unknown":
      return "no journal entry is of its candidate";
    case "not-promoted":
      return `the journal has its candidate at ${problem.stage} (${problem.reason}), where nothing of it runs`;
    case "ended":
      return `its candidate was ended (${problem.reason})`;
    case "no-drill":
      return "no run is at a drill with such a strategy";
    case "recovering":
      return `it is at ${problem.has}, as the journal accounted for, and recovery, which takes it out, waits for ${who(problem.holder)}`;
    case "level":
      return `it is at ${problem.has}, and the journal accounts for ${problem.allowed} at most`;
    case "notional":
      return `it wants a notional of ${problem.has}, and the journal accounts for ${problem.allowed} at most`;
    case "not-written":
      return `it is ${problem.has.slice(0, 12)}, which lane E never wrote down as its own`;
    case "strategy":
      return problem.reported === null
        ? "no shadow-paper of its run has reported a strategy"
        : `its strategy is ${problem.has.slice(0, 12)}, and shadow-paper reported ${problem.reported.slice(0, 12)}`;
  }
}
