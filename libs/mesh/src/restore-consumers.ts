/** Durables and streams outside of the history that were lost: deleted by somebody, or with the server's disk. */
import { HISTORY_STREAMS, type MeshName } from "@baton/contracts";
import type { JetStreamManager } from "@nats-io/jetstream";

import { absent, addConsumer, ensureTopology } from "./ensure-topology.ts";
import { type Topology } from "./topology.ts";

/**
 * Makes again what somebody deleted: streams that are no history, and durables from the beginning, as what was settled before is
 * known by the journal.
 */
export async function restoreAbsent(
  jsm: JetStreamManager,
  topology: Topology,
  name: MeshName | undefined,
): Promise<string[]> {
  const restored = await restoreStreams(jsm, topology, name);
  for (const planned of topology.consumers) {
    const { stream, config } = planned;
    const info = await jsm.consumers.info(stream, config.durable_name).catch(absent);
    if (info) continue;
    // A stream that is lost keeps its own durables away, and no other's.
    const made = await addConsumer(jsm, planned).then(() => true, absent);
    if (made === true) restored.push(config.durable_name);
  }
  return restored;
}

async function restoreStreams(
  jsm: JetStreamManager,
  { streams }: Topology,
  name: MeshName | undefined,
): Promise<string[]> {
  const restored: string[] = [];
  for (const stream of streams) {
    const isHistory = HISTORY_STREAMS.some((one) => one === stream.name);
    if (isHistory || (await jsm.streams.info(stream.name).catch(absent))) continue;
    await ensureTopology(jsm, { streams: [stream], consumers: [] }, { name });
    restored.push(stream.name);
  }
  return restored;
}

/** Makes a lost durable again, starting at `from`. */
export async function restoreConsumer(
  jsm: JetStreamManager,
  topology: Topology,
  which: { stream: string; durable: string; from: number | undefined },
): Promise<"present" | "restored"> {
  const planned = topology.consumers.find(
    (one) => one.stream === which.stream && one.config.durable_name === which.durable,
  );
  if (!planned) throw new Error(`no consumer ${which.durable} is planned on ${which.stream}`);
  const info = await jsm.consumers.info(which.stream, which.durable).catch(absent);
  if (info) return "present";
  await addConsumer(jsm, planned, which.from);
  return "restored";
}
