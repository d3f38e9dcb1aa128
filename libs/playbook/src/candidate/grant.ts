/** More of a budget, by a person who resumes a candidate. */
import { type Command, type Grant, MAX_GRANTS, type SpentBudget } from "@baton/contracts";

import { stageRule } from "../format/playbook.ts";
import { type Refusal, reject } from "./decision.ts";
import { assignmentOf, spentBudget } from "./spending.ts";
import type { Step } from "./successor.ts";

type Resume = Extract<Command, { type: "resume" }>;

/** What a resumption that leads to the run `runId` of the candidate's stage changes of the grants; refused if it would be in vain. */
export function withGrant(
  { last: { entry }, playbook, now }: Step,
  { grant, by, id: commandId }: Resume,
  runId: string,
): Refusal | { readonly kind: "granted"; readonly grants: { grants?: Grant[] } } {
  const { candidateId, stage } = entry;
  const rule = stageRule(playbook, stage);
  if (grant && rule.executor === null)
    return reject(
      "E_CONFLICT",
      `${candidateId} stands at ${stage}, where nothing is spent`,
      "Resume it without a grant.",
    );
  const before = entry.grants ?? [];
  if (grant && before.length >= MAX_GRANTS)
    return reject(
      "E_LIMIT",
      `${candidateId} was granted more ${before.length} times, the limit`,
      "`baton cancel ID --why …`, or submit a changed candidate.",
    );
  const own = grant && { stage, runId, by, commandId, time: now, more: grant };
  const grants = own ? [...before, own] : before;
  const { work } = assignmentOf(playbook, rule, { ...entry, runId, grants });
  const spent = work && spentBudget(work);
  if (spent) return inVain(candidateId, spent);
  return { kind: "granted", grants: grants.length > 0 ? { grants } : {} };
}

const OPTION = { tokens: "--budget-tokens", micros: "--budget-money", calls: "--budget-calls" };

function inVain(candidateId: string, { measure, limit, spent }: SpentBudget): Refusal {
  return reject(
    "E_LIMIT",
    `${candidateId} has spent ${spent} of ${limit} ${measure} that it may in all: the stage would be stopped at once`,
    `Grant more: \`baton resume ID ${OPTION[measure]} N --why …\`; or \`baton cancel ID --why …\`.`,
  );
}
