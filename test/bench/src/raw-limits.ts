/**
 * What the server and one process can do at best on this machine: the denominators of every ratio. They're measured in turn with
 * what is held against them, because a shared machine isn't equally fast from one minute to the next.
 */
import { openConnection, openPublisher, type Publisher } from "@baton/mesh";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "nats";

/** Times of publishes one at a time, in milliseconds. */
export interface SequentialTimes {
  /** The JetStream client's own publish on a connection without options: what a user would write. */
  readonly client: readonly number[];
  /** The same with our publisher. */
  readonly own: readonly number[];
}

/** Measures limits, a round at a time, on a server of their own: 500-byte messages, one process. */
export interface Limits extends AsyncDisposable {
  /** Publishes a second of our publisher with 1,000 under way, each with a fence on its own subject. */
  fencedPerSecond(messages: number): Promise<number>;
  oneAtATime(messages: number): Promise<SequentialTimes>;
}

const WINDOW = 1000;
/** A whole window of synced writes may take long on a busy disk; a limit is measured, not a deadline. */
const PATIENCE_MS = 60_000;
const PAYLOAD = "x".repeat(500);

/** Makes a fresh stream on the server. */
export async function openLimits(url: string): Promise<Limits> {
  const nc = await openConnection({ url, name: "bench-raw", waitForServer: false });
  const jsm = await jetstreamManager(nc);
  await jsm.streams.add({ name: "RAW", subjects: ["raw.>"], storage: "file" });
  const client = await connect({ servers: url });
  const js = jetstream(client);
  const publisher = openPublisher(nc, PATIENCE_MS);
  let rounds = 0;
  return {
    fencedPerSecond: async (messages) => {
      rounds += 1;
      return Math.round(messages / (await publishFenced(publisher, `fenced-${rounds}`, messages)));
    },
    oneAtATime: async (messages) => ({
      client: await timesOf(messages, (subject) => js.publish(subject, PAYLOAD)),
      own: await timesOf(messages, (subject) =>
        publisher.publish({ subject, payload: PAYLOAD, headers: {} }),
      ),
    }),
    [Symbol.asyncDispose]: async () => {
      publisher.close();
      await Promise.all([client.close(), nc.close()]);
    },
  };
}

/** Milliseconds of each publish and its acknowledgement, some before them left out. */
async function timesOf(
  messages: number,
  publish: (subject: string) => Promise<unknown>,
): Promise<number[]> {
  const times: number[] = [];
  for (let index = -messages / 10; index < messages; index += 1) {
    const start = performance.now();
    await publish(`raw.sequential.${Math.abs(index) % 100}`);
    if (index >= 0) times.push(performance.now() - start);
  }
  return times;
}

/** Seconds for `count` pipelined publishes, each fenced on its own candidate's subjects. */
async function publishFenced(publisher: Publisher, prefix: string, count: number): Promise<number> {
  const start = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      const subject = `raw.${prefix}.${next}`;
      const headers = {
        "Nats-Expected-Last-Subject-Sequence": 0,
        "Nats-Expected-Last-Subject-Sequence-Subject": subject,
      };
      await publisher.publish({ subject, payload: PAYLOAD, headers });
    }
  };
  await Promise.all(Array.from({ length: WINDOW }, worker));
  return (performance.now() - start) / 1000;
}
