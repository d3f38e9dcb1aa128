/**
 * A write that comes back, again and again: the only proof that the server stores what it's sent. After a write error (a full
 * disk) nats-server answers every read, stays connected, and doesn't store anything more in that stream until it's restarted; it
 * gives publishers no answer. (Seen on server 2.15.)
 *
 * U1: the last pulse is at most PULSE_EVERY_MS and one write older than now while what the coordinator writes is stored.
 * U2: there's none while CONTROLS doesn't answer writes: who depends on the kill switch hears of it.
 * U3: each is larger than a block of the disk, so it's stored only where the disk has a block left, as a state that engages the
 *     switch needs one. Small ones find room in their last block for minutes after the disk is full.
 */
import { STREAMS } from "@baton/contracts";
import type { JetStreamManager } from "@nats-io/jetstream";

import { NobodyTakes, type Publisher } from "./publisher.ts";

/** Time between two pulses, in milliseconds. */
const PULSE_EVERY_MS = 2000;
/** A block of nearly every file system is 4 KiB; blanks, as nobody reads it. */
const PAYLOAD = " ".repeat(4096);
/** Without one for so long, what is written isn't stored, in milliseconds. */
export const PULSE_LATE_MS = 8000;

/** What shows whether the server stores. */
export interface Pulse {
  /** Why what is written counts as lost; undefined while it's stored. */
  trouble(): string | undefined;
  stop(): void;
}

/** Starts it: only a coordinator does. Counts as well for PULSE_LATE_MS from now on. */
export function startPulse(publisher: Pick<Publisher, "publish" | "unanswered">): Pulse {
  let storedAt = performance.now();
  let isGone = false;
  let beating = false;
  const beat = async (): Promise<void> => {
    if (beating || publisher.unanswered().includes(STREAMS.controls.name)) return;
    beating = true;
    try {
      await publisher.publish({ subject: PULSE_SUBJECT, payload: PAYLOAD, headers: {} });
      storedAt = performance.now();
      isGone = false;
    } catch (error) {
      // Its age says that nothing is stored; that nobody takes it is no matter of the disk.
      isGone = error instanceof NobodyTakes;
    } finally {
      beating = false;
    }
  };
  const timer = setInterval(() => void beat(), PULSE_EVERY_MS).unref();
  void beat();
  return {
    trouble: () => {
      const ms = performance.now() - storedAt;
      if (ms <= PULSE_LATE_MS) return undefined;
      if (isGone)
        return `no pulse is stored for ${Math.round(ms / 1000)} s: the stream ${STREAMS.pulse.name} is gone or has no leader; the coordinator makes one that is gone again by itself within seconds, and logs why if it can't`;
      const streams = publisher.unanswered().filter((name) => name !== STREAMS.pulse.name);
      const which = streams.length === 0 ? "" : ` (nor answered for ${streams.join(", ")})`;
      return `nothing that is written was stored for ${Math.round(ms / 1000)} s${which}: ${AFTER_A_WRITE_ERROR}`;
    },
    stop: () => clearInterval(timer),
  };
}

/** What it usually means, and what to do. */
export const AFTER_A_WRITE_ERROR =
  "nats-server's disk is full, was full, or is broken; make room, then restart nats-server, which stores nothing more in such a stream until then";

/** Subject of the pulses. */
const PULSE_SUBJECT = "baton.pulse.mesh";

/** Sequence of the last pulse; undefined if there is none. */
export async function lastPulse(jsm: JetStreamManager): Promise<number | undefined> {
  const message = await jsm.streams.getMessage(STREAMS.pulse.name, { last_by_subj: PULSE_SUBJECT });
  return message?.seq;
}
