/** What runs, held against what the journal says should run, and against what the broker holds. */
import { counted } from "@baton/text/counted";
import { differenceText } from "@baton/views";

import { candidatesThatRun } from "../reading/candidates-that-run.ts";
import { type Compared, readRunning } from "../reading/read-running.ts";
import { fault, type Finding, ok, remark } from "./finding.ts";
import type { World } from "./world.ts";

const ABOUT = "runs";
/** Most that are named one by one. */
const NAMED = 20;

/** Each difference, with what to do about it. */
export async function examineRunning({ session, journal }: World): Promise<Finding[]> {
  const { candidates } = await journal();
  const compared = await readRunning(session, candidatesThatRun(session, candidates));
  return compared === undefined ? [] : runningFindings(compared);
}

/** What was compared, as findings. */
export function runningFindings({ differences, repository, running }: Compared): Finding[] {
  if (differences.length === 0)
    return [
      ok(
        ABOUT,
        `main has what the journal says should run: ${counted(running, "strategy", "strategies")}`,
      ),
    ];
  const named = differences.slice(0, NAMED).map((one) => {
    const { found, action } = differenceText(one, repository);
    const isInHand = one.kind === "unaccounted" && one.problem.why === "recovering";
    return isInHand ? remark(ABOUT, found, action) : fault(ABOUT, found, action);
  });
  const more = differences.length - named.length;
  return more > 0
    ? [
        ...named,
        fault(ABOUT, counted(more, "more such difference"), "Mend those above, then look again."),
      ]
    : named;
}
