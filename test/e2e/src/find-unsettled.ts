/**
 * J5 on a live mesh: at any time every open candidate has a holder, a reason if it isn't running, and a deadline that
 * somebody acts on. Reads the journal only, so it may watch a mesh in production.
 */
import { awaitedDispatch, Entry, reasonText, type StoredEntry } from "@baton/contracts";
import { follow, type Mesh } from "@baton/mesh";
import { adviceOn, particularsOf } from "@baton/views";

/** Longest that a lane's deadline may be over before a coordinator has acted on it. */
const LATE_MS = 10_000;

/** A running check. */
export interface StandingCheck {
  /** What is wrong right now with where candidates stand; empty if J5 holds. */
  findUnsettled(nowMs: number): string[];
  /** Candidates that aren't closed. */
  open(): number;
  stop(): void;
}

/** Follows the journal and resolves when all that was there has been read. */
export async function openStandingCheck(mesh: Pick<Mesh, "nc" | "jsm">): Promise<StandingCheck> {
  const last = new Map<string, StoredEntry>();
  const foreign: string[] = [];
  const stopping = new AbortController();
  await new Promise<void>((resolve, reject) => {
    follow(mesh, {
      stream: "journal",
      signal: stopping.signal,
      onMessage: (message) => {
        const entry = Entry.safeParse(JSON.parse(new TextDecoder().decode(message.data)));
        if (!entry.success) foreign.push(`JOURNAL ${message.seq} isn't an entry`);
        else if (entry.data.holder === "closed") last.delete(entry.data.candidateId);
        else last.set(entry.data.candidateId, { sequence: message.seq, entry: entry.data });
      },
      onCaughtUp: resolve,
    }).catch(reject);
  });
  return {
    findUnsettled: (nowMs) => [
      ...foreign,
      ...[...last.values()].flatMap((stored) =>
        faultsOf(stored, nowMs).map(
          (fault) => `${stored.entry.candidateId}.${stored.entry.n}: ${fault}`,
        ),
      ),
    ],
    open: () => last.size,
    stop: () => stopping.abort(),
  };
}

function faultsOf(stored: StoredEntry, nowMs: number): string[] {
  const { entry } = stored;
  const { holder, reason, deadline, review } = entry;
  const { state } = reasonText(reason);
  const faults: string[] = [];
  if (particularsOf(entry) === "") faults.push(`${reason} without a word`);
  if (deadline === null) faults.push(`waits at ${holder} without a deadline`);
  if (holder === "review") {
    if (state !== "human") faults.push(`a person is asked, but ${reason} means ${state}`);
    if (review === null || adviceOn(entry).length === 0)
      faults.push(`${reason} without saying what to do`);
    return faults;
  }
  if (state !== "moving" && state !== "waiting")
    faults.push(`${holder} has it, but ${reason} means ${state}`);
  if (awaitedDispatch(stored) === undefined)
    faults.push(`${holder} has it, but nothing is awaited`);
  const lateMs = deadline === null ? 0 : nowMs - Date.parse(deadline);
  if (lateMs > LATE_MS) faults.push(`${holder} is ${lateMs} ms late and nobody has acted`);
  return faults;
}
