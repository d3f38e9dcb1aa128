/** Work of one candidate happens one after the other; of different candidates side by side. */
export interface Mailboxes {
  /** Runs `work` when everything posted for the candidate before is over. */
  post<T>(candidateId: string, work: () => Promise<T>): Promise<T>;
  /** Candidates with work waiting or under way. */
  readonly size: number;
}

/** Opens empty mailboxes. They hold nothing for a candidate without work. */
export function openMailboxes(): Mailboxes {
  const tails = new Map<string, Promise<unknown>>();
  return {
    get size() {
      return tails.size;
    },
    post: (candidateId, work) => {
      const before = tails.get(candidateId);
      const turn = before ? before.then(work, work) : work();
      tails.set(candidateId, turn);
      const leave = (): void => {
        if (tails.get(candidateId) === turn) tails.delete(candidateId);
      };
      turn.then(leave, leave);
      return turn;
    },
  };
}
