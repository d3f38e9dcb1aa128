/**
 * Whether anybody could engage the kill switch: it must be written, so a mesh that stores nothing, or that nobody coordinates,
 * counts as stopped, as one does that can't be read.
 *
 * P1: known once the pulse was seen to move; older than LATE_MS it is lost. Asked for beside the orders, never before one.
 */
import { type ControlReader, PULSE_LATE_MS } from "@baton/mesh";

/** The pulse is asked for this often, in milliseconds. */
const EVERY_MS = 1000;
/** What the coordinator itself takes for lost, and the time of asking. */
const LATE_MS = PULSE_LATE_MS + 2 * EVERY_MS;

/** A watch that runs. */
export interface PulseWatch {
  /** Why nobody could engage the kill switch; null if the coordinator can. */
  trouble(): string | null;
  stop(): void;
}

/** Starts watching. */
export function watchPulse({ pulse }: Pick<ControlReader, "pulse">): PulseWatch {
  let last: number | undefined;
  let movedAt: number | undefined;
  let asking = false;
  const ask = async (): Promise<void> => {
    if (asking) return;
    asking = true;
    try {
      const sequence = await pulse();
      if (sequence === undefined) return;
      if (last !== undefined && sequence !== last) movedAt = performance.now();
      last = sequence;
    } catch {
      // The age of the last one says it.
    } finally {
      asking = false;
    }
  };
  const timer = setInterval(() => void ask(), EVERY_MS);
  void ask();
  return {
    trouble: () => {
      if (movedAt === undefined) return `${CANNOT}: no coordinator's write was seen yet`;
      const ms = performance.now() - movedAt;
      if (ms <= LATE_MS) return null;
      return `${CANNOT}: nothing that a coordinator wrote was stored for ${Math.round(ms / 1000)} s`;
    },
    stop: () => clearInterval(timer),
  };
}

const CANNOT = "nobody could engage the mesh's kill switch";
