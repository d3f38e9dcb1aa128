/** What the server and one process can do at best on this machine: the denominators of every ratio. */
import { openConnection, openPublisher } from "@baton/mesh";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "nats";

import { percentile } from "./percentile.ts";

/** Limits measured in one run; times in milliseconds. */
export interface RawLimits {
  /** The JetStream client's own publish, one at a time, on a connection without options: what a user would write. */
  readonly clientP50: number;
  readonly clientP99: number;
  /** The same with our publisher. */
  readonly sequentialP50: number;
  readonly sequentialP99: number;
  /** Our publisher's publishes a second with a window of 1000, each with a fence on its own subject; median of the rounds. */
  readonly fencedPerSecond: number;
  /** Each round's. */
  readonly fencedRounds: readonly number[];
}

const SEQUENTIAL = 2000;
const WINDOW = 1000;
/** A whole window of synced writes may take long on a busy disk; a limit is measured, not a deadline. */
const PATIENCE_MS = 60_000;
const ROUNDS = 5;
const PAYLOAD = "x".repeat(500);

/** Measures on a fresh stream: 500-byte messages, one process. */
export async function measureRawLimits(url: string, fencedMessages: number): Promise<RawLimits> {
  const nc = await openConnection({ url, name: "bench-raw", waitForServer: false });
  const jsm = await jetstreamManager(nc);
  await jsm.streams.add({ name: "RAW", subjects: ["raw.>"], storage: "file" });
  const client = await measureClient(url);
  const publisher = openPublisher(nc, PATIENCE_MS);
  const times = await sequentially((subject) =>
    publisher.publish({ subject, payload: PAYLOAD, headers: {} }),
  );
  await publishFenced(publisher, "warm", fencedMessages / 4);
  const fencedRounds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const count = fencedMessages / ROUNDS;
    const seconds = await publishFenced(publisher, `fenced-${round}`, count);
    fencedRounds.push(Math.round(count / seconds));
  }
  await jsm.streams.delete("RAW");
  publisher.close();
  await nc.close();
  return {
    clientP50: percentile(client, 0.5),
    clientP99: percentile(client, 0.99),
    sequentialP50: percentile(times, 0.5),
    sequentialP99: percentile(times, 0.99),
    fencedPerSecond: percentile(fencedRounds, 0.5),
    fencedRounds,
  };
}

async function measureClient(url: string): Promise<number[]> {
  const nc = await connect({ servers: url });
  const js = jetstream(nc);
  const times = await sequentially((subject) => js.publish(subject, PAYLOAD));
  await nc.close();
  return times;
}

/** Milliseconds of each publish and its acknowledgement, the first tenth left out. */
async function sequentially(publish: (subject: string) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < SEQUENTIAL; index += 1) {
    const start = performance.now();
    await publish(`raw.sequential.${index % 100}`);
    if (index >= SEQUENTIAL / 10) times.push(performance.now() - start);
  }
  return times;
}

/** Seconds for `count` pipelined publishes, each fenced on its own candidate's subjects. */
async function publishFenced(
  publisher: ReturnType<typeof openPublisher>,
  prefix: string,
  count: number,
): Promise<number> {
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
