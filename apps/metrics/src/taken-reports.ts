/**
 * Counts the reports that the journal took, each once, and no other: whoever has a lane's key may store reports about anything,
 * but only what the coordinator decided on happened.
 *
 * K1: a report counts when an entry names it as its cause. Its stage, the stage before and the longest time that it can have taken
 *     are the journal's; what the lane says about itself are the verdict or the class of its failure, and times within that.
 * K2: memory: a number per report that was taken and not read yet, and the last dispatch of each open candidate.
 */
import { STREAMS } from "@baton/contracts";
import type { TakenReport } from "@baton/folds";
import { follow, type Mesh, type Progress, type StoredMessage } from "@baton/mesh";

/** The reports that the journal took. */
export interface TakenReports extends Progress {
  /** Reads those that were taken and not read yet. */
  advance(signal: AbortSignal): Promise<void>;
}

/** What reading them needs. */
export interface TakenReportsOptions {
  readonly mesh: Pick<Mesh, "nc" | "jsm">;
  /** In the journal's order; those that were read are taken out. */
  readonly taken: () => TakenReport[];
  /** Called once for each, with what is stored. */
  readonly count: (taken: TakenReport, message: StoredMessage) => void;
  /** Called for one that REPORTS doesn't have. */
  readonly onLost: (taken: TakenReport) => void;
  /** Called when REPORTS is another stream than was read: somebody made it anew. */
  readonly onAnew: () => void;
}

const STREAM = STREAMS.reports.name;
/** Reports read in one go. */
const LOT = 2000;
/** What is further apart isn't read in between. */
const APART = 256;
const PAGE = 64;
/** One read ends after this time at the latest: a hung server must not hold up the next. */
const READ_MS = 30_000;

/** Nothing is taken yet. */
export function openTakenReports(options: TakenReportsOptions): TakenReports {
  let made: string | undefined;
  let last = 0;
  let wasRead = false;

  return {
    stream: STREAM,
    get behind() {
      return made === undefined ? undefined : options.taken().length;
    },
    get caughtUp() {
      return wasRead && options.taken().length === 0;
    },
    advance: async (signal) => {
      const { state, created } = await options.mesh.jsm.streams.info(STREAM);
      made ??= created;
      if (created !== made || state.last_seq < last) return options.onAnew();
      last = state.last_seq;
      const taken = options.taken();
      while (taken.length > 0 && !signal.aborted) {
        const lot = taken.slice(0, LOT).toSorted((one, two) => one.sequence - two.sequence);
        const left = await readLot(options, lot, signal);
        taken.splice(0, lot.length, ...left);
        if (left.length > 0) return;
      }
      wasRead = true;
    },
  };
}

/** Reads a lot in the order of its sequences; what is left was not read for now. */
async function readLot(
  options: TakenReportsOptions,
  lot: readonly TakenReport[],
  signal: AbortSignal,
): Promise<TakenReport[]> {
  let left = [...lot];
  while (left.length > 0 && !signal.aborted) {
    const end = left.findIndex((one, index) => {
      const next = left[index + 1];
      return next === undefined || next.sequence - one.sequence > APART;
    });
    const together = left.slice(0, end + 1);
    const unread = await readTogether(options, together, signal);
    left = [...unread, ...left.slice(end + 1)];
    if (unread.length > 0) break;
  }
  return left;
}

/** Those close to one another in one run of pages. */
async function readTogether(
  { mesh, count, onLost }: TakenReportsOptions,
  wanted: readonly TakenReport[],
  signal: AbortSignal,
): Promise<readonly TakenReport[]> {
  const unread = new Map(wanted.map((one) => [one.sequence, one]));
  const [from = 1, until = 1] = [wanted[0]?.sequence, wanted.at(-1)?.sequence];
  const done = new AbortController();
  await follow(mesh, {
    stream: "reports",
    from,
    page: Math.min(PAGE, until - from + 1),
    signal: AbortSignal.any([signal, done.signal, AbortSignal.timeout(READ_MS)]),
    onMessage: (message) => {
      const taken = unread.get(message.seq);
      if (taken && unread.delete(message.seq)) count(taken, message);
      if (message.seq >= until) done.abort();
    },
    onCaughtUp: () => done.abort(),
  });
  if (!done.signal.aborted) return [...unread.values()];
  if (unread.size === 0) return [];
  // A replica that lags has no more either; only the leader knows what is gone.
  const { state } = await mesh.jsm.streams.info(STREAM);
  for (const [sequence, taken] of unread) {
    const isThere =
      sequence <= state.last_seq && (await mesh.jsm.streams.getMessage(STREAM, { seq: sequence }));
    if (isThere) continue;
    unread.delete(sequence);
    onLost(taken);
  }
  return [...unread.values()];
}
