/** `--wait`: follows candidates until each is closed or waits for a person. */
import type { AcceptedReceipt, Session } from "@baton/client";
import { type Entry, parseJournalSubject } from "@baton/contracts";
import { follow, parseEntry } from "@baton/mesh";
import { type Format, interruptible, write } from "@baton/terminal";
import { UserError, EXIT } from "@baton/text/user-error";
import { adviceOn, durationText, inTerminal, renderMove } from "@baton/views";

/** How to wait. */
export interface WaitOptions {
  readonly withinMs: number;
  readonly format: Format;
}

/** Prints the candidates' moves and answers with their last entries; throws `UserError` E_UNAVAILABLE when time is up. */
export async function waitForEnd(
  session: Pick<Session, "nc" | "jsm">,
  receipts: readonly AcceptedReceipt[],
  options: WaitOptions,
): Promise<Entry[]> {
  const open = new Set(receipts.map(({ candidateId }) => candidateId));
  const from = Math.min(...receipts.map(({ outcome }) => outcome.sequence));
  const ends = await interruptible(
    () => `still under way, and going on by themselves: ${[...open].join(", ")}`,
    () => followToEnd(session, { open, from, ...options }),
  );
  if (open.size > 0) throw timeIsUp([...open], options.withinMs);
  return ends;
}

/** Throws `UserError` E_GUARD if one of these last entries says other than completed. */
export function refuseShortEnds(ends: readonly Entry[]): void {
  const short = ends.filter(({ reason }) => reason !== "COMPLETED");
  if (short.length > 0) throw stoppedShort(short);
}

/** Empties `open` and answers with the entries at which its candidates stopped. */
async function followToEnd(
  session: Pick<Session, "nc" | "jsm">,
  { open, from, withinMs, format }: WaitOptions & { open: Set<string>; from: number },
): Promise<Entry[]> {
  const latest = new Map<string, Entry>();
  const ends: Entry[] = [];
  const done = new AbortController();
  const timer = setTimeout(() => done.abort(), withinMs);
  // A duplicate's history may hold reviews that were answered long ago: only what is last counts.
  let caughtUp = false;
  const conclude = (): void => {
    for (const candidateId of open) {
      const entry = latest.get(candidateId);
      if (entry?.holder !== "review" && entry?.holder !== "closed") continue;
      open.delete(candidateId);
      ends.push(entry);
    }
    if (open.size === 0) done.abort();
  };
  await follow(session, {
    stream: "journal",
    from,
    signal: done.signal,
    onMessage: ({ subject, data, seq: sequence, time }) => {
      const candidateId = parseJournalSubject(subject)?.candidateId;
      if (candidateId === undefined || !open.has(candidateId)) return;
      const entry = parseEntry(data, sequence);
      if (format === "table") void write(renderMove({ sequence, entry }, time.toISOString()));
      latest.set(candidateId, entry);
      if (caughtUp) conclude();
    },
    onCaughtUp: () => {
      caughtUp = true;
      conclude();
    },
  });
  clearTimeout(timer);
  return ends;
}

function stoppedShort(entries: readonly Entry[]): UserError {
  const list = entries.map(
    ({ candidateId, reason, stage }) => `${candidateId} ${reason} at ${stage}`,
  );
  const [first] = entries;
  return new UserError({
    code: "E_GUARD",
    exit: EXIT.refused,
    message: `not completed: ${list.join("; ")}`,
    action: first ? inTerminal(adviceOn(first)) : "",
  });
}

function timeIsUp(candidates: readonly string[], withinMs: number): UserError {
  return new UserError({
    code: "E_UNAVAILABLE",
    exit: EXIT.unavailable,
    message: `after ${durationText(withinMs)} still under way: ${candidates.join(", ")}`,
    action: `\`baton explain ${candidates[0] ?? ""}\` says why; it goes on by itself.`,
  });
}
