/** Submits candidates and waits until they are closed. */
import { type Command, commandSubject } from "@baton/contracts";
import { follow, type Mesh } from "@baton/mesh";

/** A driver of one mesh. */
export interface Driver {
  /** Stores a submission; the candidate's specification is about as long as a real one's. */
  submit(candidateId: string): Promise<void>;
  /**
   * Resolves when that many more candidates than at the last call are closed, with when the server stored the last one's end,
   * in milliseconds since 1970.
   */
  closed(count: number): Promise<number>;
  stop(): Promise<void>;
}

const PAD = "x".repeat(560);

/** Opens a driver that watches the journal for closed candidates. */
export function openDriver(mesh: Mesh): Driver {
  const stopping = new AbortController();
  let seen = 0;
  let base = 0;
  let lastMs = 0;
  let waiting: { count: number; resolve: (endMs: number) => void } | undefined;
  const check = (): void => {
    if (!waiting || seen - base < waiting.count) return;
    base += waiting.count;
    waiting.resolve(lastMs);
    waiting = undefined;
  };
  const following = follow(mesh, {
    stream: "journal",
    filter: "baton.journal.closed.>",
    signal: stopping.signal,
    onMessage: ({ storedMs }) => {
      seen += 1;
      lastMs = storedMs;
      check();
    },
  });
  return {
    submit: async (candidateId) => {
      const command: Command = {
        v: 1,
        type: "submit",
        id: `submit-${candidateId}`.slice(0, 63),
        candidateId,
        time: new Date().toISOString(),
        by: "bench",
        spec: { schema: "baton.bench.v1", candidateId, pad: PAD },
      };
      const subject = commandSubject({ candidateId, commandId: command.id });
      await mesh.publisher.publish({ subject, payload: JSON.stringify(command), headers: {} });
    },
    closed: (count) =>
      new Promise((resolve) => {
        waiting = { count, resolve };
        check();
      }),
    stop: async () => {
      stopping.abort();
      await following;
    },
  };
}
