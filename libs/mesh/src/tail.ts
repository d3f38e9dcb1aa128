/**
 * Hands a stream's messages over, to be folded: all that is there when it's asked to, page by page, and the next time what was
 * written since.
 *
 * T1: messages come in the stream's order, none twice, none left out; a read that breaks off goes on where it stopped.
 * T2: nothing is kept outside memory: who starts reads the stream from its beginning, as fast as it can.
 * T3: with `perSecond`: while the stream grows by more, only so much is handed over, so that a burst is left to those who work on
 *     it; what is left comes when the traffic eases. Where it doesn't, more is: the tail stays some 15 seconds behind.
 * T4: a stream that was made anew is told, and nothing of it handed over: what was folded was another one.
 */
import { STREAMS } from "@baton/contracts";

import { follow, type Reader } from "./follow.ts";
import { LogReset } from "./log-reset.ts";
import type { StoredMessage } from "./read-page.ts";

/** How far a fold has come. */
export interface Progress {
  /** Name of the stream. */
  readonly stream: string;
  /** Messages known to be in the stream and not folded yet; undefined before the stream was looked at. */
  readonly behind: number | undefined;
  /** True once the fold had come to where the stream ended when it was looked at. */
  readonly caughtUp: boolean;
}

/** A stream's tail. One `advance` at a time. */
export interface Tail extends Progress {
  /**
   * Hands over what was written since, within T3. True if it came to where the stream ended; false if it stopped early: by T3, by
   * the signal, or because nothing comes. Throws `LogReset` (T4), what `take` throws, and what asking for the stream does.
   */
  advance(signal: AbortSignal): Promise<boolean>;
  /** This process wrote it and folded it already: it needn't be read. */
  skip(sequence: number): void;
}

/** What a tail reads. */
export interface TailOptions {
  readonly stream: "journal" | "reports";
  /** Called for each message in order. */
  readonly take: (message: StoredMessage) => void;
  /** T3; no bound if left out. */
  readonly perSecond?: number | undefined;
  /** A read ends when nothing comes for so long; half a minute if left out. */
  readonly silentMs?: number | undefined;
  /** Milliseconds; a clock of its own for tests. */
  readonly now?: (() => number) | undefined;
}

/** A hung server must not hold up the next read. */
const SILENT_MS = 30_000;
/** T3: what is left is divided over so many seconds. */
const CATCH_UP_S = 15;
/** Of a tail that keeps a pace: small enough that a handoff that comes in between doesn't wait for it. */
const PACED_PAGE = 64;

/** Opens a tail that has read nothing. */
export function openTail(reader: Reader, options: TailOptions): Tail {
  const { perSecond, now = Date.now } = options;
  const { name: stream } = STREAMS[options.stream];
  let made: string | undefined;
  const place = openPlace();
  /** Where the stream ended when it was last looked at; `last` and `askedMs`: when `advance` began. */
  let end: number | undefined;
  let last = 0;
  let askedMs = now();
  let caughtUp = false;

  const paceTo = (grown: number, seconds: number): number => {
    const left = last - place.through;
    if (perSecond === undefined || !caughtUp || grown <= Math.ceil(perSecond * seconds))
      return left;
    return Math.min(left, Math.ceil(Math.max(perSecond, left / CATCH_UP_S) * seconds));
  };
  return {
    stream,
    get behind() {
      return end === undefined ? undefined : Math.max(0, end - place.through);
    },
    get caughtUp() {
      return caughtUp;
    },
    skip: place.skip,
    advance: async (signal) => {
      const { state, created } = await reader.jsm.streams.info(stream);
      made ??= created;
      const { through } = place;
      if (created !== made || state.last_seq < through)
        throw madeAnew(options.stream, { seen: through, has: state.last_seq });
      const grown = state.last_seq - last;
      const seconds = (now() - askedMs) / 1000;
      askedMs = now();
      last = state.last_seq;
      end = last;
      const until = through + paceTo(grown, seconds);
      if (until > through) {
        await readUntil(reader, { ...options, place, until, signal });
        if (perSecond !== undefined) end = (await reader.jsm.streams.info(stream)).state.last_seq;
      }
      const isThere = place.through >= last;
      caughtUp ||= isThere;
      return isThere;
    },
  };
}

/** How far a tail has come. */
interface Place {
  readonly through: number;
  /** True if it's the next one to hand over: it wasn't, nor was it skipped. */
  reach(this: void, sequence: number): boolean;
  skip(this: void, sequence: number): void;
  /** Nothing is left up to there. */
  end(this: void, sequence: number): void;
}

function openPlace(): Place {
  let through = 0;
  /** Skipped sequences above `through`; acknowledgements come in order, so they are few. */
  const above = new Set<number>();
  const reach = (sequence: number): boolean => {
    if (sequence <= through) return false;
    const wasSkipped = above.has(sequence);
    through = sequence;
    forget();
    return !wasSkipped;
  };
  const forget = (): void => {
    for (const one of above) if (one <= through) above.delete(one);
  };
  return {
    get through() {
      return through;
    },
    reach,
    skip: (sequence) => {
      if (sequence <= through) return;
      above.add(sequence);
      while (above.delete(through + 1)) through += 1;
    },
    end: (sequence) => {
      through = Math.max(through, sequence);
      forget();
    },
  };
}

interface Reading extends TailOptions {
  readonly place: Place;
  readonly until: number;
  readonly signal: AbortSignal;
}

async function readUntil(reader: Reader, reading: Reading): Promise<void> {
  const { place, until, signal, take, silentMs = SILENT_MS } = reading;
  const done = new AbortController();
  const silence = setTimeout(() => done.abort(), silentMs);
  let isAtEnd = false;
  try {
    await follow(reader, {
      stream: reading.stream,
      from: place.through + 1,
      ...(reading.perSecond !== undefined && { page: PACED_PAGE }),
      signal: AbortSignal.any([signal, done.signal]),
      onMessage: (message) => {
        silence.refresh();
        if (place.reach(message.seq)) take(message);
        if (message.seq >= until) done.abort();
      },
      onCaughtUp: () => {
        isAtEnd = true;
        done.abort();
      },
    });
  } finally {
    clearTimeout(silence);
  }
  if (!isAtEnd || place.through >= until) return;
  // A replica that lags says so too; only the leader knows whether the messages in between are gone.
  const { name, subjects } = STREAMS[reading.stream];
  const left = await reader.jsm.streams.getMessage(name, { last_by_subj: subjects });
  if (left === null || left.seq <= place.through) place.end(until);
}

function madeAnew(
  stream: TailOptions["stream"],
  { seen, has }: { readonly seen: number; readonly has: number },
): LogReset {
  const kind = has < seen ? "shorter" : "other";
  return new LogReset([{ stream: STREAMS[stream].name, kind, seen, has, by: "this process" }]);
}
