/** A candidate by what a person typed: its id, or the beginning of one that no other has. */
import { CandidateId, journalFence, STREAMS } from "@baton/contracts";

import { candidateIdFrom } from "../arguments.ts";
import { CliError, EXIT } from "../cli-error.ts";
import type { Session } from "../session.ts";
import { unknownCandidate } from "./read-candidate.ts";
import { readStandings } from "./read-model.ts";

/** So many are named where several fit. */
const MOST_NAMED = 5;

/**
 * The candidate that was meant by what `candidateTextFrom` let through. A whole id wins over longer ones that begin with it.
 * Throws `CliError`: not known, or the beginning of several (E_CONFLICT).
 */
export async function findCandidate(
  session: Pick<Session, "nc" | "jsm">,
  typed: string,
): Promise<CandidateId> {
  const whole = CandidateId.safeParse(typed).data;
  if (whole !== undefined && (await isKnown(session, whole))) return whole;
  const { candidates } = await readStandings(session);
  return onlyOne(
    typed,
    candidates.map(({ candidateId }) => candidateId),
  );
}

async function isKnown({ jsm }: Pick<Session, "jsm">, candidateId: CandidateId): Promise<boolean> {
  const last_by_subj = journalFence(candidateId);
  return (await jsm.streams.getMessage(STREAMS.journal.name, { last_by_subj })) !== null;
}

/** The one id that begins so. Throws `CliError` if there is none or more than one. */
export function onlyOne(typed: string, ids: readonly string[]): CandidateId {
  const fitting = ids.filter((id) => id.startsWith(typed)).toSorted();
  const [first, ...others] = fitting;
  if (first === undefined) throw unknownCandidate(typed);
  if (others.length === 0) return candidateIdFrom(first);
  const more = fitting.length > MOST_NAMED ? `, and ${fitting.length - MOST_NAMED} more` : "";
  throw new CliError({
    code: "E_CONFLICT",
    exit: EXIT.conflict,
    message: `${fitting.length} candidates begin so: ${fitting.slice(0, MOST_NAMED).join(", ")}${more}`,
    value: typed,
    rule: "the beginning of an id stands for it where no other begins so",
    action: "Type more of it.",
  });
}
