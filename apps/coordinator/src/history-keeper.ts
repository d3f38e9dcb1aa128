/**
 * Watches over the mesh's history while a coordinator runs: keeps outside how far it has come, and says when something of it is
 * gone.
 *
 * H1: nothing is decided while history is lost; what is found lost stays so until it is back or people accept it.
 * H2: a mark is kept at most `KEEP_MS` after what it is about, of the controls at once.
 */
import { setTimeout as delay } from "node:timers/promises";

import {
  HISTORY_STREAMS,
  type HistoryStream,
  type Loss,
  lossText,
  STREAMS,
} from "@baton/contracts";
import { findLosses, type HistoryState, LogReset, type Mesh, readMarks } from "@baton/mesh";
import type { HistoryFacts } from "@baton/playbook";
import type { Log, Meter } from "@baton/telemetry";

import type { MarkBook } from "./mark-book.ts";

const LOOK_MS = 1000;
const KEEP_MS = 5000;

/** What is known of the history. */
export interface HistoryKeeper {
  /** What is lost; undefined while nothing is known to be. */
  lost(): HistoryState | undefined;
  /** Throws `LogReset` while something is lost. */
  refuse(): void;
  /** Takes what a look has found. */
  see(state: HistoryState): void;
  /** Looks at everything now. */
  look(): Promise<HistoryState>;
  /** Keeps how far history has come. */
  keep(): Promise<void>;
  /** Keeps that of the controls alone: of other streams less may be there than is known. */
  keepControls(): Promise<void>;
  /** Counts a loss whatever looks find, until it is accepted: the stream had to be made anew before. */
  insist(loss: Loss): void;
  /** People accepted what is lost: what was seen of it doesn't count any more. */
  accept(): Promise<void>;
  /** Watches from now on; `onLoss` is told once. */
  start(onLoss: () => void): void;
  stop(): void;
}

/** What a keeper works with. */
export interface HistoryKeeperParts {
  readonly mesh: Pick<Mesh, "nc" | "jsm" | "name">;
  readonly book: MarkBook;
  readonly log: Log;
  readonly meter: Meter;
}

/** Last sequence by stream. */
type Ends = Map<HistoryStream, { readonly last: number; readonly created: string }>;

/** Opens a keeper that has looked at nothing yet. */
export function openHistoryKeeper(parts: HistoryKeeperParts): HistoryKeeper {
  const keeper = new Keeper(parts);
  parts.meter
    .createObservableGauge("baton_history_losses", {
      description: "Streams of the mesh's history of which something is lost",
    })
    .addCallback((result) => result.observe(keeper.lost()?.losses.length ?? 0));
  return keeper;
}

class Keeper implements HistoryKeeper {
  readonly #parts: HistoryKeeperParts;
  #lost: HistoryState | undefined;
  #ends: Ends = new Map();
  #insisted: readonly Loss[] = [];
  /** The ends at the last mark, and when that was kept, by the monotonic clock. */
  #kept = "";
  #keptAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(parts: HistoryKeeperParts) {
    this.#parts = parts;
  }

  lost(): HistoryState | undefined {
    return this.#lost;
  }

  refuse(): void {
    if (this.#lost) throw refusalOf(this.#lost);
  }

  see(state: HistoryState): void {
    const before = this.#lost?.lossId;
    this.#lost = state.kind === "lost" ? state : undefined;
    const { lossId: loss, losses } = state;
    if (!this.#lost || loss === before) return;
    this.#parts.log.error({ code: "E_LOG_RESET", loss, losses }, refusalOf(state).message);
  }

  async look(): Promise<HistoryState> {
    const { mesh, book } = this.#parts;
    const own = shortened(this.#ends, await endsOf(mesh));
    return findLosses(mesh, book.known(), [...this.#insisted, ...own]);
  }

  async keep(): Promise<void> {
    const marks = await readMarks(this.#parts.mesh);
    const mesh = this.#parts.mesh.name ?? this.#lost?.name;
    await this.#trying(async () => {
      if (marks) await this.#parts.book.keep({ ...marks, ...(mesh !== undefined && { mesh }) });
    });
    this.#keptAt = performance.now();
  }

  async keepControls(): Promise<void> {
    await this.#trying(async () => {
      const marks = await readMarks(this.#parts.mesh, [STREAMS.controls.name]);
      if (marks) await this.#parts.book.keepPart(marks);
    });
  }

  /** A disk that is full must not keep people from engaging the kill switch. */
  async #trying(work: () => Promise<void>): Promise<void> {
    await work().catch((error: unknown) =>
      this.#parts.log.error({ err: error }, "how far history has come can't be kept; tried again"),
    );
  }

  insist(loss: Loss): void {
    this.#insisted = [...this.#insisted, loss];
  }

  async accept(): Promise<void> {
    this.#ends = new Map();
    this.#insisted = [];
    this.#lost = undefined;
    await this.keep();
  }

  start(onLoss: () => void): void {
    const tick = (): void => {
      if (this.#looking || this.#lost) return;
      this.#looking = true;
      this.#watch(onLoss)
        .catch((error: unknown) => this.#parts.log.debug({ err: error }, "history not looked at"))
        .finally(() => (this.#looking = false));
    };
    this.#timer = setInterval(tick, LOOK_MS);
    tick();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #watch(onLoss: () => void): Promise<void> {
    const now = await endsOf(this.#parts.mesh);
    if (wentBack(this.#ends, now)) {
      // Somebody may be bringing a copy back at this very moment; what counts is what a second look finds.
      await delay(LOOK_MS);
      const state = await this.look();
      if (state.kind === "lost") {
        this.see(state);
        return onLoss();
      }
    }
    this.#ends = now;
    const place = JSON.stringify([...now]);
    if (place === this.#kept || performance.now() - this.#keptAt < KEEP_MS) return;
    await this.keep();
    this.#kept = place;
  }
}

/** What the core needs to know to accept a loss. */
export function historyFacts({ losses, lossId, epoch, heads }: HistoryState): HistoryFacts {
  const ends = HISTORY_STREAMS.map((stream) => [stream, heads[stream]?.last ?? 0] as const);
  return {
    loss: lossId === undefined ? undefined : { id: lossId, text: losses.map(lossText).join("; ") },
    epoch,
    heads: Object.fromEntries(ends),
  };
}

/** What to say about a loss. */
export function refusalOf({ losses, lossId }: HistoryState): LogReset {
  return new LogReset(losses, { ...(lossId !== undefined && { id: lossId }) });
}

async function endsOf({ jsm }: Pick<Mesh, "jsm">): Promise<Ends> {
  const ends: Ends = new Map();
  for (const stream of HISTORY_STREAMS) {
    const info = await jsm.streams.info(stream).catch((error: unknown) => {
      if (error instanceof Error && error.name === "StreamNotFoundError") return undefined;
      throw error;
    });
    if (info) ends.set(stream, { last: info.state.last_seq, created: info.created });
  }
  return ends;
}

/** True if a stream is gone, another one, or shorter than at the look before. */
function wentBack(before: Ends, now: Ends): boolean {
  const isOther = ([stream, { created }]: [HistoryStream, { created: string }]): boolean =>
    now.get(stream)?.created !== created;
  const isShort = now.size < HISTORY_STREAMS.length || shortened(before, now).length > 0;
  return isShort || [...before].some(isOther);
}

/** What this process saw itself, newer by some seconds than the mark, though without a digest. */
function shortened(before: Ends, now: Ends): Loss[] {
  return [...before].flatMap(([stream, { last: seen }]): Loss[] => {
    const has = now.get(stream)?.last;
    if (has !== undefined && has >= seen) return [];
    const kind = has === undefined ? "absent" : "shorter";
    return [{ stream, kind, seen, has: has ?? 0, by: "this process" }];
  });
}
