/** What the server and one process can do at best on this machine: the denominators of every ratio. */
import { openConnection, openPublisher } from "@baton/mesh";
import { jetstreamManager } from "@nats-io/jetstream";

import { percentile } from "./percentile.ts";

/** Limits measured in one run; times in milliseconds. */
export interface RawLimits {
  /** Sequential publish and acknowledgement. */
  readonly sequentialP50: number;
  readonly sequentialP99: number;
  /** Publishes a second with a window of 1000, each with a fence on its own subject. */
  readonly fencedPerSecond: number;
}

const SEQUENTIAL = 2000;
const WINDOW = 1000;

/** Measures on a fresh stream: 500-byte messages, one process. */
export async function measureRawLimits(url: string, fencedMessages: number): Promise<RawLimits> {
  const nc = await openConnection({ url, name: "bench-raw", waitForServer: false });
  const jsm = await jetstreamManager(nc);
  await jsm.streams.add({ name: "RAW", subjects: ["raw.>"], storage: "file" });
  const publisher = openPublisher(nc);
  const payload = "x".repeat(500);
  const times: number[] = [];
  for (let index = 0; index < SEQUENTIAL; index += 1) {
    const start = performance.now();
    await publisher.publish({ subject: `raw.sequential.${index % 100}`, payload, headers: {} });
    if (index >= SEQUENTIAL / 10) times.push(performance.now() - start);
  }
  const run = (prefix: string, count: number) =>
    publishFenced(publisher, { prefix, count, payload });
  await run("warm", fencedMessages / 4);
  const seconds = await run("fenced", fencedMessages);
  await jsm.streams.delete("RAW");
  publisher.close();
  await nc.close();
  return {
    sequentialP50: percentile(times, 0.5),
    sequentialP99: percentile(times, 0.99),
    fencedPerSecond: Math.round(fencedMessages / seconds),
  };
}

/** Seconds for `count` pipelined publishes, each fenced on its own candidate's subjects. */
async function publishFenced(
  publisher: ReturnType<typeof openPublisher>,
  { prefix, count, payload }: { prefix: string; count: number; payload: string },
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
      await publisher.publish({ subject, payload, headers });
    }
  };
  await Promise.all(Array.from({ length: WINDOW }, worker));
  return (performance.now() - start) / 1000;
}
