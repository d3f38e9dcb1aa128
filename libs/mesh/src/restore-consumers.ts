/** Durables that were lost: deleted by somebody, or with the server's disk. */
import type { JetStreamManager } from "@nats-io/jetstream";

import { absent, addConsumer, type Topology } from "./topology.ts";

/** Makes durables again that somebody deleted, from the beginning: what was settled before is known by the journal. */
export async function restoreAbsent(jsm: JetStreamManager, topology: Topology): Promise<string[]> {
  const restored: string[] = [];
  for (const { stream, config } of topology.consumers) {
    const info = await jsm.consumers.info(stream, config.durable_name).catch(absent);
    if (info) continue;
    await addConsumer(jsm, stream, config);
    restored.push(config.durable_name);
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
  const start =
    which.from === undefined
      ? planned.config
      : {
          ...planned.config,
          deliver_policy: "by_start_sequence" as const,
          opt_start_seq: which.from,
        };
  await addConsumer(jsm, which.stream, start);
  return "restored";
}
