/**
 * Brings a fold up to date with a stream, a bounded piece at a time.
 *
 * T1: messages are folded in the stream's order, none twice, none left out; a read that breaks off goes on where it stopped.
 * T2: nothing is kept outside memory: a started process reads the stream from its beginning, as fast as it can.
 * T3: while the stream grows by more than `perSecond`, only so much is folded, so that a burst is left to those who work on it;
 *     what is left is folded when the traffic eases. Where it doesn't, more is folded: the fold stays some 15 seconds behind.
 */
import { STREAMS } from "@baton/contracts";
import { follow, type Mesh, type StoredMessage } from "@baton/mesh";

/** How far a fold has come. */
export interface StreamTail {
  /** Name of the stream. */
  readonly stream: string;
  /** Folds what was written since, within T3; resolves also when it stopped early. */
  advance(signal: AbortSignal): Promise<void>;
  /** Messages known to be in the stream and not folded yet; undefined before the stream was looked at. */
  readonly behind: number | undefined;
  /** True once the fold had come to where the stream ended when it was looked at. */
  readonly caughtUp: boolean;
}

/** What a tail reads, and what it does with it. */
export interface StreamTailOptions {
  readonly mesh: Pick<Mesh, "nc" | "jsm">;
  readonly stream: "journal" | "reports";
  readonly perSecond: number;
  /** Called for each message in order. */
  readonly fold: (message: StoredMessage) => void;
  /** Called when the stream is another one than was folded: somebody made it anew. Nothing of it is folded. */
  readonly onAnew: () => void;
  /** Milliseconds; a clock of its own for tests. */
  readonly now?: () => number;
}

/** One read ends after this time at the latest: a hung server must not hold up the next. */
const READ_MS = 30_000;
/** T3: what is left is divided over so many seconds. */
const CATCH_UP_S = 15;
/** Small enough that a handoff that comes in between doesn't wait for it. */
const PAGE = 64;

/** Opens a tail that has read nothing. */
export function openStreamTail(options: StreamTailOptions): StreamTail {
  const { mesh, perSecond, fold, onAnew, now = Date.now } = options;
  const { name: stream, subjects } = STREAMS[options.stream];
  let made: string | undefined;
  let through = 0;
  /** Where the stream ended when it was last looked at; `last` and `askedMs`: when `advance` began. */
  let end: number | undefined;
  let last = 0;
  let askedMs = now();
  let caughtUp = false;

  const readUntil = async (until: number, signal: AbortSignal): Promise<void> => {
    const done = new AbortController();
    let isAtEnd = false;
    await follow(mesh, {
      stream: options.stream,
      from: through + 1,
      page: PAGE,
      signal: AbortSignal.any([signal, done.signal, AbortSignal.timeout(READ_MS)]),
      onMessage: (message) => {
        if (message.seq <= through) return;
        through = message.seq;
        fold(message);
        if (message.seq >= until) done.abort();
      },
      onCaughtUp: () => {
        isAtEnd = true;
        done.abort();
      },
    });
    if (!isAtEnd || through >= until) return;
    // A replica that lags says so too; only the leader knows whether the messages in between are gone.
    const left = await mesh.jsm.streams.getMessage(stream, { last_by_subj: subjects });
    if (left === null || left.seq <= through) through = until;
  };
  return {
    stream,
    get behind() {
      return end === undefined ? undefined : Math.max(0, end - through);
    },
    get caughtUp() {
      return caughtUp;
    },
    advance: async (signal) => {
      const { state, created } = await mesh.jsm.streams.info(stream);
      made ??= created;
      if (created !== made || state.last_seq < through) return onAnew();
      const grown = state.last_seq - last;
      const seconds = (now() - askedMs) / 1000;
      askedMs = now();
      last = state.last_seq;
      end = last;
      const isBurst = caughtUp && grown > Math.ceil(perSecond * seconds);
      const pace = Math.max(perSecond, (last - through) / CATCH_UP_S);
      const until = isBurst ? Math.min(last, through + Math.ceil(pace * seconds)) : last;
      if (until > through) {
        await readUntil(until, signal);
        end = (await mesh.jsm.streams.info(stream)).state.last_seq;
      }
      if (through >= last) caughtUp = true;
    },
  };
}
