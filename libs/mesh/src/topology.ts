/** The streams and durable consumers that the mesh stands on, as they should be. */
import {
  ADVISORY_SUBJECTS,
  ARTIFACTS_BUCKET,
  commandFilter,
  DURABLES,
  journalFilter,
  type Lane,
  LANES,
  MESH_ID,
  REVIEWS_BUCKET,
  STREAMS,
} from "@baton/contracts";
import type { ConsumerConfig, StreamConfig } from "@nats-io/jetstream";
import { nanos } from "nats";

/** What an operator may choose. */
export interface TopologyOptions {
  /** 1 on a single node, 3 on a cluster. */
  readonly replicas: number;
  /** A delivery that says nothing for so long is delivered again. */
  readonly ackWaitMs: number;
  /** Hard cap of deliveries of one dispatch, above every policy's own. */
  readonly maxDeliver: number;
}

/** The usual choice. */
export const DEFAULT_TOPOLOGY: TopologyOptions = { replicas: 1, ackWaitMs: 30_000, maxDeliver: 8 };

/** Largest message of a stream, in bytes. */
const MAX_MESSAGE = 512 * 1024;
/** Most deliveries that may be under way at once per consumer; a delayed retry keeps its place. */
const MAX_ACK_PENDING = 20_000;
const DAY_MS = 86_400_000;

type Stream = Partial<StreamConfig> & { name: string };
type Consumer = Partial<ConsumerConfig> & { durable_name: string };

/** Streams and consumers as they should be. */
export interface Topology {
  readonly streams: readonly Stream[];
  readonly consumers: readonly PlannedConsumer[];
}

/** A consumer as it should be. */
export interface PlannedConsumer {
  readonly stream: string;
  readonly config: Consumer;
  /** A durable of the same stream that did its work before there was this one: it begins behind what that one settled. */
  readonly after?: string;
}

/**
 * The wanted topology. No message can be deleted singly. That none is purged is what keys say (access.ts): a stream that denied it
 * would deny it for ever, and nothing could ever move to an archive.
 */
export function planTopology(options: TopologyOptions): Topology {
  const kept = {
    storage: "file" as const,
    retention: "limits" as const,
    num_replicas: options.replicas,
    max_msg_size: MAX_MESSAGE,
    // An engaged kill switch that went with age would be one that released itself.
    max_age: 0,
    deny_delete: true,
    allow_direct: true,
  };
  const once = {
    ...kept,
    discard: "new" as const,
    max_msgs_per_subject: 1,
    discard_new_per_subject: true,
  };
  return {
    streams: [
      {
        ...kept,
        name: STREAMS.journal.name,
        subjects: [STREAMS.journal.subjects],
        allow_atomic: true,
        duplicate_window: nanos(30_000),
      },
      {
        ...once,
        name: STREAMS.reports.name,
        subjects: [STREAMS.reports.subjects],
        allow_atomic: true,
      },
      { ...once, name: STREAMS.commands.name, subjects: [STREAMS.commands.subjects] },
      planArtifacts(kept),
      planReviews(kept),
      { ...kept, name: STREAMS.controls.name, subjects: [STREAMS.controls.subjects] },
      ...planPassing(options),
    ],
    consumers: planConsumers(options),
  };
}

/** What isn't kept for ever: pulses, and the server's advisories. */
function planPassing({ replicas }: TopologyOptions): Stream[] {
  const passing = {
    storage: "file" as const,
    retention: "limits" as const,
    num_replicas: replicas,
    discard: "old" as const,
  };
  const { pulse, advisories } = STREAMS;
  return [
    { ...passing, name: pulse.name, subjects: [pulse.subjects], max_msgs: 10 },
    {
      ...passing,
      name: advisories.name,
      subjects: [...ADVISORY_SUBJECTS],
      max_age: nanos(30 * DAY_MS),
      max_msgs: 100_000,
      allow_direct: true,
    },
  ];
}

/** An object store in which nothing can be replaced: no rollup, and no key may purge. */
function planArtifacts(kept: Partial<StreamConfig>): Stream {
  const prefix = `$O.${ARTIFACTS_BUCKET}`;
  return {
    ...kept,
    name: `OBJ_${ARTIFACTS_BUCKET}`,
    subjects: [`${prefix}.C.>`, `${prefix}.M.>`],
    discard: "new",
    allow_rollup_hdrs: false,
  };
}

/** The bucket of the review records: only the latest of each key, some of which expire. */
function planReviews(kept: Partial<StreamConfig>): Stream {
  return {
    ...kept,
    name: `KV_${REVIEWS_BUCKET}`,
    subjects: [`$KV.${REVIEWS_BUCKET}.>`],
    discard: "new",
    max_msgs_per_subject: 1,
    allow_msg_ttl: true,
    // Keys that expire leave a marker for so long, so that copies notice.
    subject_delete_marker_ttl: nanos(60_000),
    allow_rollup_hdrs: true,
  };
}

function planConsumers(options: TopologyOptions): PlannedConsumer[] {
  const explicit = {
    ack_policy: "explicit" as const,
    deliver_policy: "all" as const,
    ack_wait: nanos(options.ackWaitMs),
    max_ack_pending: MAX_ACK_PENDING,
  };
  const lanes = LANES.map((lane) => ({
    stream: STREAMS.journal.name,
    config: {
      ...explicit,
      durable_name: lane,
      filter_subject: journalFilter(lane),
      max_deliver: options.maxDeliver,
    },
  }));
  const endless = { ...explicit, max_deliver: -1 };
  return [
    ...lanes,
    {
      stream: STREAMS.journal.name,
      config: {
        ...endless,
        durable_name: DURABLES.escalation,
        filter_subject: journalFilter("review"),
      },
    },
    { stream: STREAMS.reports.name, config: { ...endless, durable_name: DURABLES.reports } },
    { stream: STREAMS.commands.name, config: { ...endless, durable_name: DURABLES.commands } },
    {
      stream: STREAMS.commands.name,
      config: {
        ...endless,
        durable_name: DURABLES.controls,
        filter_subject: commandFilter(MESH_ID),
      },
      after: DURABLES.commands,
    },
    { stream: STREAMS.advisories.name, config: { ...endless, durable_name: DURABLES.advisories } },
  ];
}

/** Name of the durable a lane works from. */
export function laneDurable(lane: Lane): string {
  return lane;
}
