/** Work of one candidate happens one after the other; of different candidates side by side. */
export interface Mailboxes {
  /** Runs `work` when everything posted for the candidate before is over. */
  post<T>(candidateId: string, work: () => Promise<T>): Promise<T>;
  /** Candidates with work waiting or under way. */
  readonly size: number;
}

interface Mailbox {
  readonly candidateId: string;
  /** Settles when everything posted is over. */
  tail: Promise<unknown>;
}

/** Few candidates have work at a time, so a shelf rarely has more than one mailbox. */
const SHELVES = 1024;

/**
 * Opens empty mailboxes. They hold nothing for a candidate without work. Shelves instead of a Map: what is put into a Map and
 * taken out again thousands of times a second grows old in the heap with it (see the mesh's `Pending`).
 */
export function openMailboxes(): Mailboxes {
  const shelves = Array.from({ length: SHELVES }, (): Mailbox[] => []);
  let size = 0;
  const leave = (shelf: Mailbox[], box: Mailbox): void => {
    shelf.splice(shelf.indexOf(box), 1);
    size -= 1;
  };
  return {
    get size() {
      return size;
    },
    post: (candidateId, work) => {
      const shelf = shelves[shelfOf(candidateId)] ?? [];
      const known = shelf.find((box) => box.candidateId === candidateId);
      const turn = known ? known.tail.then(work, work) : work();
      const box = known ?? { candidateId, tail: turn };
      box.tail = turn;
      if (!known) {
        shelf.push(box);
        size += 1;
      }
      const over = (): void => {
        if (box.tail === turn) leave(shelf, box);
      };
      turn.then(over, over);
      return turn;
    },
  };
}

function shelfOf(candidateId: string): number {
  let hash = 0;
  for (let at = 0; at < candidateId.length; at += 1)
    hash = (Math.imul(hash, 31) + candidateId.charCodeAt(at)) | 0;
  return (hash >>> 0) % SHELVES;
}
