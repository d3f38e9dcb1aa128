import type { Log, Meter } from "@baton/telemetry";
import type { z } from "zod";

import type { OwnHealth } from "./readiness.ts";
import { ServiceConfig } from "./service-config.ts";
import { flagText, integerText, numberText } from "./variables.ts";

/** The variables of every service that works on the mesh. */
export const MeshServiceConfig = ServiceConfig.extend({
  /** The server syncs every write (`sync_interval: always`): writers then commit in groups. */
  BATON_SYNC_ALWAYS: flagText().default(false).meta({ example: "1" }),
  /** Copies of each stream: 1 on a single node, 3 on a cluster. */
  BATON_REPLICAS: integerText({ min: 1, max: 5 }).default(1).meta({ example: "1" }),
  /** A delivery that says nothing for so long is delivered again. */
  BATON_ACK_WAIT_MS: integerText({ min: 1000, max: 3_600_000 })
    .default(30_000)
    .meta({ example: "30000" }),
  /** Most deliveries of one dispatch, above every policy's own retries. */
  BATON_MAX_DELIVER: integerText({ min: 2, max: 100 }).default(8).meta({ example: "8" }),
});
export type MeshServiceConfig = z.infer<typeof MeshServiceConfig>;

/** The variables of every lane. */
export const LaneServiceConfig = MeshServiceConfig.extend({
  /** Dispatches worked on at a time. */
  BATON_LANE_CAPACITY: integerText({ min: 1, max: 4096 }).default(2).meta({ example: "2" }),
  /** Factor on retry delays; below 1 only in a demonstration. */
  BATON_RETRY_SCALE: numberText({ min: 0, max: 100 }).default(1).meta({ example: "1" }),
  /** False: retries wait their full delay, so that a run can be repeated; true: a random part of it. */
  BATON_RETRY_JITTER: flagText().default(true).meta({ example: "1" }),
});
export type LaneServiceConfig = z.infer<typeof LaneServiceConfig>;

/** What opening the mesh takes, from a service's variables. */
export function meshOptionsOf(service: {
  readonly name: string;
  readonly config: MeshServiceConfig;
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly meter: Meter;
  readonly fail: (error: unknown) => void;
  readonly health: () => OwnHealth;
}) {
  const { config, log } = service;
  const denials = service.meter.createCounter("baton_nats_denials", {
    description: "What nats-server refused this process: publishing to or listening on a subject",
  });
  return {
    url: config.BATON_NATS_URL,
    name: `baton-${service.name}`,
    seed: config.BATON_NATS_SEED,
    syncAlways: config.BATON_SYNC_ALWAYS,
    topology: {
      replicas: config.BATON_REPLICAS,
      ackWaitMs: config.BATON_ACK_WAIT_MS,
      maxDeliver: config.BATON_MAX_DELIVER,
    },
    wait: true,
    signal: service.signal,
    health: (): OwnHealth => ({ ...service.health(), service: service.name }),
    onDenial: ({ operation, subject }: { operation: string; subject: string }) => {
      denials.add(1, { operation });
      log.error({ operation, subject }, "nats-server refused this: not for this kind of process");
    },
    // Whoever restarts it has it read its key again.
    onClosed: (why: Error) => service.fail(why),
  } as const;
}
