/**
 * Whether the journal accounts for what main has: whoever may push there can stop and remove, never raise.
 *
 * U1: each version is held against its candidate's last entry when it comes, and not again: what the journal says later comes to
 *     main as another commit. What wasn't accounted for is held against it again, at a pace.
 * U2: an entry that can't be read accounts for nothing; what is held stays.
 * U3: after one question that nobody answered the others of the same look aren't asked.
 */
import { cut, type Sha256 } from "@baton/contracts";
import type { LastEntries } from "@baton/mesh";
import {
  type Account,
  accountFor,
  accountForDrill,
  DRILLED,
  isDrill,
  unaccountedText,
  wantsNothing,
  writtenAs,
} from "@baton/views";

import type { StrategyVersion } from "./strategy-file.ts";

/** `unread`: the journal didn't say. */
export type Judged = Account | { readonly kind: "unread"; readonly why: string };

/** Gives what the journal says; throws what keeps it from being read. */
export interface JournalReader extends Pick<LastEntries, "last" | "lastOfRun" | "whole"> {
  /** Whether lane E stored a file of that digest in its own name. */
  isOfLaneE(sha256: Sha256): Promise<boolean>;
}

/** Where an account is looked for. */
export interface Accounts {
  /** Begins a look: what couldn't be asked before may be asked again. */
  begin(): void;
  /** Never throws. */
  judge(version: StrategyVersion): Promise<Judged>;
  /** Why nothing was accounted for in the last look; null if all could be asked. */
  problem(): string | null;
}

/** `reader` throws, or rejects, while the mesh can't be asked. */
export function createAccounts(reader: JournalReader): Accounts {
  let trouble: string | null = null;
  return {
    begin: () => void (trouble = null),
    async judge(version) {
      if (wantsNothing(version)) return { kind: "accounted" };
      if (trouble !== null) return { kind: "unread", why: trouble };
      try {
        return await accountOf(reader, version);
      } catch (error) {
        trouble = cut(error instanceof Error ? error.message : "no answer", 300);
        return { kind: "unread", why: trouble };
      }
    },
    problem: () => trouble,
  };
}

async function accountOf(journal: JournalReader, version: StrategyVersion): Promise<Account> {
  const { candidateId, runId } = version.settings;
  if (isDrill(candidateId)) {
    const drilled = await journal.lastOfRun({ stage: DRILLED, runId });
    const last = drilled && (await journal.last(drilled.entry.candidateId));
    return accountForDrill(version, last?.entry);
  }
  const stored = await journal.last(candidateId);
  const last = stored && (await journal.whole(stored.entry));
  const isEarlier = last !== undefined && last.runId !== runId;
  const ofRun = isEarlier ? await journal.lastOfRun({ candidateId, runId }) : undefined;
  const by = { last, ofRun: ofRun && (await journal.whole(ofRun.entry)) };
  const asWritten = writtenAs(version, by);
  const written = asWritten !== undefined && (await journal.isOfLaneE(asWritten));
  return accountFor(version, { ...by, written });
}

/** Why a version isn't increased, for people; undefined if it may be. */
export function heldBack(version: Pick<StrategyVersion, "commit">, of: Judged): string | undefined {
  if (of.kind === "accounted") return undefined;
  if (of.kind === "unread")
    return `nobody knows whether the journal accounts for it, so nothing of it is increased: ${of.why}`;
  const then =
    of.kind === "out" ? "it isn't applied, and what is held is run down" : "nothing is increased";
  if (of.problem.why === "recovering")
    return cut(`${unaccountedText(of.problem)}, so ${then}`, 500);
  return cut(
    `E_UNACCOUNTED: commit ${version.commit.slice(0, 12)} on main brought it, but ${unaccountedText(of.problem)}, so ${then}: find out who pushed it, and revert that commit`,
    500,
  );
}
