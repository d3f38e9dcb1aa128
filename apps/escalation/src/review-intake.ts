/** The durable that delivers every entry held by `review` to one of the replicas. */
import { DURABLES, parseJournalSubject, STREAMS } from "@baton/contracts";
import {
  type Delivery,
  handBackMs,
  JournalCorrupt,
  type Mesh,
  parseEntry,
  type PullWorker,
} from "@baton/mesh";
import type { Log } from "@baton/telemetry";

import { RecordNewer } from "./record-book.ts";
import type { ReviewDesk } from "./review-desk.ts";

const CAPACITY = 64;
const LATER_MS = 500;
const RETRY_MS = 1000;

/** Starts taking. An entry is acknowledged when its review stands in the bucket, or when it is a question no more. */
export function startReviewIntake(parts: {
  readonly mesh: Pick<Mesh, "take" | "newer">;
  readonly desk: ReviewDesk;
  readonly log: Log;
}): PullWorker {
  const { mesh, desk, log } = parts;
  const take = async (delivery: Delivery): Promise<void> => {
    const candidateId = readCandidate(delivery);
    if (candidateId.kind === "newer") {
      const { why, isOlder } = candidateId;
      if (mesh.newer.note(isOlder ? "older entry" : "entry", why))
        log.warn({ why }, "a review needs another release of escalation: it waits");
      delivery.nak(handBackMs(delivery.deliveries));
      return;
    }
    if (candidateId.kind === "malformed") {
      const { sequence, subject } = delivery;
      log.warn(
        { sequence, subject: subject.slice(0, 200), why: candidateId.why },
        "entry set aside",
      );
      delivery.term(`E_MALFORMED ${candidateId.why}`);
      return;
    }
    const outcome = await desk.settle(candidateId.id);
    if (outcome === "settled") delivery.ack();
    else delivery.nak(LATER_MS);
  };
  return mesh.take({
    stream: STREAMS.journal.name,
    durable: DURABLES.escalation,
    capacity: CAPACITY,
    onTrouble: (what) => log.warn({ what }, "review intake"),
    onDelivery: (delivery, release) => {
      take(delivery)
        .catch((error: unknown) => {
          if (error instanceof RecordNewer) {
            if (mesh.newer.note("record", error.message))
              log.warn({ why: error.message }, "a review's record needs a newer escalation");
            return delivery.nak(handBackMs(delivery.deliveries));
          }
          log.error({ err: error, sequence: delivery.sequence }, "entry will be delivered again");
          delivery.nak(RETRY_MS);
        })
        .finally(release);
    },
  });
}

type Read =
  | { readonly kind: "candidate"; readonly id: string }
  | { readonly kind: "newer"; readonly why: string; readonly isOlder: boolean }
  | { readonly kind: "malformed"; readonly why: string };

function readCandidate({ subject, data, sequence }: Delivery): Read {
  const of = parseJournalSubject(subject);
  if (!of) return { kind: "malformed", why: "subject isn't an entry's" };
  try {
    const { candidateId, holder, stage, runId } = parseEntry(data, sequence);
    const agrees =
      of.candidateId === candidateId &&
      of.holder === holder &&
      of.stage === stage &&
      of.runId === runId;
    return agrees
      ? { kind: "candidate", id: candidateId }
      : { kind: "malformed", why: `JOURNAL ${sequence}: subject and entry differ` };
  } catch (error) {
    if (error instanceof JournalCorrupt) {
      const { message: why, olderRelease: isOlder } = error;
      return error.otherRelease ? { kind: "newer", why, isOlder } : { kind: "malformed", why };
    }
    throw error;
  }
}
