/**
 * Brings a fold up to date with a stream, a bounded piece at a time.
 *
 * T1: messages are folded in the stream's order, none twice, none left out; a read that breaks off goes on where it stopped.
 * T2: nothing is kept outside memory: a started process reads the stream from its beginning, as fast as it can.
 * T3: while the stream grows by more than `most` messages from one `advance` to the next, only `most` are folded, so that heavy
 *     traffic costs no more than it may; what is left is folded when the traffic eases.
 */
import { STREAMS } from "@baton/contracts";
import { follow, type Mesh, type StoredMessage } from "@baton/mesh";

/** How far a fold has come. */
export interface StreamTail {
  /** Name of the stream. */
  readonly stream: string;
  /** Folds what was written since, within T3; resolves also when it stopped early. */
  advance(signal: AbortSignal): Promise<void>;
  /** Messages known to be in the stream and not folded yet. */
  readonly behind: number;
  /** True once the fold had reached the stream's end. */
  readonly caughtUp: boolean;
}

/** What a tail reads, and what it does with it. */
export interface StreamTailOptions {
  readonly mesh: Pick<Mesh, "nc" | "jsm">;
  readonly stream: "journal" | "reports";
  readonly most: number;
  /** Called for each message in order. */
  readonly fold: (message: StoredMessage) => void;
  /** Called when the stream turns out to be another one: somebody made it anew. */
  readonly onRestart: () => void;
}

/** One read ends after this time at the latest: a hung server must not hold up the next. */
const READ_MS = 30_000;
/** Small enough that a handoff that comes in between doesn't wait for it. */
const PAGE = 64;

/** Opens a tail that has read nothing. */
export function openStreamTail(options: StreamTailOptions): StreamTail {
  const { mesh, most, fold, onRestart } = options;
  const stream = STREAMS[options.stream].name;
  let through = 0;
  let last = 0;
  let caughtUp = false;

  const readUntil = async (until: number, signal: AbortSignal): Promise<void> => {
    const done = new AbortController();
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
        // Also past messages at the end that are gone.
        through = Math.max(through, until);
        done.abort();
      },
    });
  };
  return {
    stream,
    get behind() {
      return Math.max(0, last - through);
    },
    get caughtUp() {
      return caughtUp;
    },
    advance: async (signal) => {
      const { state } = await mesh.jsm.streams.info(stream);
      const grown = state.last_seq - last;
      last = state.last_seq;
      if (last < through) {
        onRestart();
        through = 0;
      }
      const until = caughtUp && grown > most ? Math.min(last, through + most) : last;
      if (until > through) await readUntil(until, signal);
      if (through >= last) caughtUp = true;
    },
  };
}
