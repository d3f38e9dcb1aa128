/**
 * The mesh's controls as every process that acts on them sees them: asked for again and again, because a question that is
 * answered says how fresh the answer is, and a subscription that is silent doesn't.
 *
 * F1: `current` is at most `everyMs` and one round trip old while the server answers.
 * F2: whoever may only act while nothing stops it asks `agedMs` first and stops when it isn't known.
 * F3: an answer that says less than was seen (`LogReset`) is no answer: the state stays, and gets old.
 */
import { epochOf, type StoredControls } from "@baton/contracts";

import type { MeshControls } from "./controls.ts";

/** A watch that runs. */
export interface ControlWatch {
  /** The state as last read; undefined while nothing was read yet. */
  current(): StoredControls | undefined;
  /** Milliseconds since the question was sent whose answer `current` is; infinite before the first answer. */
  agedMs(): number;
  /** Takes a state that this process wrote itself. */
  note(stored: StoredControls): void;
  /** Reads now. Throws what the store throws; `LogReset` leaves the state as old as it is. */
  refresh(): Promise<StoredControls>;
  stop(): void;
}

/** What a watch works with. */
export interface ControlWatchParts {
  readonly controls: Pick<MeshControls, "last">;
  readonly everyMs: number;
  /** Told once per state, in order. */
  readonly onChange?: (stored: StoredControls) => void;
  /** Told when a read fails, and why. */
  readonly onTrouble?: (error: unknown) => void;
}

/** Starts watching. */
export function watchControls(parts: ControlWatchParts): ControlWatch {
  const { controls, everyMs, onChange, onTrouble } = parts;
  let state: StoredControls | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  let asking = false;
  const take = (stored: StoredControls): StoredControls => {
    if (state && !isLater(stored, state)) return state;
    state = stored;
    onChange?.(stored);
    return stored;
  };
  const refresh = async (): Promise<StoredControls> => {
    const sentAt = performance.now();
    const latest = take(await controls.last());
    askedAt = Math.max(askedAt, sentAt);
    return latest;
  };
  const timer = setInterval(() => {
    if (asking) return;
    asking = true;
    refresh()
      .catch((error: unknown) => onTrouble?.(error))
      .finally(() => (asking = false));
  }, everyMs);
  return {
    current: () => state,
    agedMs: () => performance.now() - askedAt,
    note: (stored) => void take(stored),
    refresh,
    stop: () => clearInterval(timer),
  };
}

/** Answers may overtake one another; a later epoch's sequences may be lower. */
function isLater(one: StoredControls, other: StoredControls): boolean {
  const [epoch, before] = [epochOf(one.controls), epochOf(other.controls)];
  return epoch > before || (epoch === before && one.sequence > other.sequence);
}
