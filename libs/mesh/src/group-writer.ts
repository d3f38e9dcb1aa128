/**
 * The writer that journal and reports share. With `sync_interval: always` every publish is an fsync, so messages that are
 * ready together go out as one atomic batch; with default sync a batch would be slower and everything goes out singly.
 *
 * G1: never two messages of one candidate in a batch: the server doesn't check a fence against earlier members.
 * G2: a refused batch stored nothing; its members are retried one by one, in order.
 * G3: one group at a time is under way; what comes meanwhile forms the next.
 * G4: a group of few goes out singly, one behind the other without waiting: a batch costs the server a staging store.
 */
import type { CandidateId } from "@baton/contracts";

import { type Outgoing, type Publisher, Refused, type Stored } from "./publisher.ts";

/** Most messages in one batch; the server's limit is 1000. */
const MAX_BATCH = 500;
/** The server takes as long over a batch of any size as over so many messages that come one behind the other. */
const FEWEST = 12;

interface Item {
  readonly candidateId: CandidateId;
  readonly message: Outgoing;
  readonly resolve: (stored: Stored) => void;
  readonly reject: (error: unknown) => void;
}

/** Stores one message; concurrent calls may share a batch. Rejects like `Publisher.publish`. */
export interface GroupWriter {
  write(candidateId: CandidateId, message: Outgoing): Promise<Stored>;
}

/** Opens a writer. `grouping` is on where the server syncs every write. */
export function openGroupWriter(publisher: Publisher, grouping: boolean): GroupWriter {
  if (!grouping) return { write: (_, message) => publisher.publish(message) };
  let queue: Item[] = [];
  let busy = false;
  let crowded = false;

  const pump = async (): Promise<void> => {
    while (queue.length > 0) {
      const group = takeGroup(queue);
      queue = group.rest;
      crowded = group.members.length > 1;
      await send(publisher, group.members);
    }
    busy = false;
  };
  return {
    write: (candidateId, message) =>
      new Promise((resolve, reject) => {
        queue.push({ candidateId, message, resolve, reject });
        if (busy) return;
        busy = true;
        // What becomes ready in this turn of the event loop goes out together; a single one doesn't wait for others.
        if (crowded) setImmediate(() => void pump());
        else void pump();
      }),
  };
}

function takeGroup(queue: readonly Item[]): { members: Item[]; rest: Item[] } {
  const members: Item[] = [];
  const rest: Item[] = [];
  const taken = new Set<CandidateId>();
  for (const item of queue) {
    if (members.length < MAX_BATCH && !taken.has(item.candidateId)) members.push(item);
    else rest.push(item);
    taken.add(item.candidateId);
  }
  return { members, rest };
}

async function send(publisher: Publisher, members: readonly Item[]): Promise<void> {
  if (members.length >= FEWEST) {
    try {
      const last = await publisher.publishBatch(members.map((item) => item.message));
      members.forEach((item, index) => {
        item.resolve({ sequence: last.sequence - (members.length - 1 - index), duplicate: false });
      });
      return;
    } catch (error) {
      if (!(error instanceof Refused)) {
        for (const item of members) item.reject(error);
        return;
      }
    }
  }
  await Promise.all(
    members.map((item) => publisher.publish(item.message).then(item.resolve, item.reject)),
  );
}
