/** Whom a decision is about: candidates by name, or all that fit the filters of `baton get candidates`, confirmed by their count. */
import { candidateTextFrom, countFrom, findCandidate, type Session } from "@baton/client";
import type { CandidateId } from "@baton/contracts";
import { counted } from "@baton/text/counted";
import { UserError, EXIT } from "@baton/text/user-error";

import { findEntries, type Wanted, wantedFrom } from "../get/get-candidates.ts";
import { ask, canAsk } from "./ask.ts";

/** Most candidates that one call decides on. */
const MOST = 1000;
/** So many are listed before the question. */
const MOST_LISTED = 10;

/** What the command line said about whom. */
export interface Whom {
  readonly ids: readonly string[];
  readonly holder?: string;
  readonly reason?: string;
  readonly stage?: string;
  /** How many shall fit. */
  readonly count?: string;
}

/** Whom it is about, as it is meant. */
export type Chosen =
  | { readonly kind: "named"; readonly ids: readonly string[] }
  | { readonly kind: "filtered"; readonly wanted: Wanted; readonly count: number | undefined };

/** What can't be meant is refused before a server is asked. Throws `UserError`. */
export function chosenFrom(whom: Whom): Chosen {
  const { ids, holder, reason, stage } = whom;
  const filtered = [holder, reason, stage].some((one) => one !== undefined);
  if (filtered === ids.length > 0) throw unclear(filtered);
  if (whom.count !== undefined && !filtered) throw countOfNothing();
  if (ids.length > MOST) throw tooMany(ids.length);
  if (!filtered) return { kind: "named", ids: ids.map(candidateTextFrom) };
  const count = whom.count === undefined ? undefined : countFrom(whom.count, "count", MOST);
  const wanted = wantedFrom({
    ...(holder !== undefined && { holder }),
    ...(reason !== undefined && { reason }),
    ...(stage !== undefined && { stage }),
    limit: String(MOST + 1),
  });
  if (count === undefined && !canAsk()) throw unconfirmed();
  return { kind: "filtered", wanted, count };
}

/** The candidates, each once, in the order given. Throws `UserError`, also where the answer is no; then nothing was sent. */
export async function selectCandidates(
  session: Session,
  chosen: Chosen,
  verb: string,
): Promise<readonly CandidateId[]> {
  if (chosen.kind === "named") {
    const found = new Set<CandidateId>();
    for (const id of chosen.ids) found.add(await findCandidate(session, id));
    return [...found];
  }
  const fitting = await findFitting(session, chosen.wanted);
  if (fitting.length > MOST) throw tooMany(fitting.length);
  if (chosen.count !== undefined) requireCount(fitting.length, chosen.count);
  else if (fitting.length > 0) await confirm(verb, fitting);
  return fitting;
}

async function findFitting(session: Session, wanted: Wanted): Promise<readonly CandidateId[]> {
  const entries = await findEntries(session, wanted);
  // Whoever is closed takes no decision; only who asks for them by name gets that said.
  return entries
    .filter(({ entry }) => entry.holder !== "closed")
    .map(({ entry }) => entry.candidateId);
}

function requireCount(found: number, wanted: number): void {
  if (found === wanted) return;
  throw new UserError({
    code: "E_CONFLICT",
    exit: EXIT.conflict,
    message: `${counted(found, "candidate")} ${found === 1 ? "fits" : "fit"}, not ${wanted}; nothing was sent`,
    rule: "--count is how many there shall be",
    action: "Look again with `baton get candidates` and the same filters.",
  });
}

async function confirm(verb: string, fitting: readonly CandidateId[]): Promise<void> {
  const more = fitting.length > MOST_LISTED ? `  and ${fitting.length - MOST_LISTED} more\n` : "";
  const listed = fitting.slice(0, MOST_LISTED).map((id) => `  ${id}\n`);
  process.stderr.write(`${listed.join("")}${more}`);
  if (await ask(`${verb} these ${fitting.length}? [y/N] `)) return;
  throw new UserError({
    code: "E_INTERRUPTED",
    exit: EXIT.interrupted,
    message: "nothing was sent",
    action: "Narrow the filters, or name the candidates.",
  });
}

function unclear(filtered: boolean): UserError {
  return new UserError({
    code: "E_USAGE",
    exit: EXIT.usage,
    message: filtered ? "candidates and filters can't be given together" : "no candidate is named",
    rule: "name candidates, or filter by --holder, --reason, --stage",
    action: filtered
      ? "Leave out one of the two."
      : "`baton get candidates` lists those there are.",
  });
}

function countOfNothing(): UserError {
  return new UserError({
    code: "E_USAGE",
    exit: EXIT.usage,
    message: "--count belongs to filters; candidates were named",
    action: "Leave it out.",
  });
}

function tooMany(found: number): UserError {
  return new UserError({
    code: "E_LIMIT",
    exit: EXIT.limit,
    message: `${found > MOST ? `more than ${MOST}` : found} candidates fit; nothing was sent`,
    rule: `at most ${MOST} at a time`,
    action: "Narrow the filters, and go through them one after the other.",
  });
}

function unconfirmed(): UserError {
  return new UserError({
    code: "E_USAGE",
    exit: EXIT.usage,
    message: "filters are confirmed by a person, but this isn't a terminal",
    rule: "off a terminal filters need --count with how many candidates there shall be",
    action: "`baton get candidates` with the same filters shows them; closed ones don't count.",
  });
}
