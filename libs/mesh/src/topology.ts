/**
 * The streams and durable consumers that the mesh stands on. Created if absent; what is there and differs is an error with
 * the field's name, never silently changed.
 */
import { randomBytes } from "node:crypto";

import {
  ADVISORY_SUBJECTS,
  ARTIFACTS_BUCKET,
  DURABLES,
  HISTORY_STREAMS,
  journalFilter,
  type Lane,
  LANES,
  MeshName,
  REVIEWS_BUCKET,
  STREAMS,
} from "@baton/contracts";
import {
  type ConsumerConfig,
  JetStreamApiError,
  type JetStreamManager,
  type StreamConfig,
} from "@nats-io/jetstream";
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

/** One difference between what is there and what should be. */
export interface Drift {
  readonly what: string;
  readonly field: string;
  readonly has: unknown;
  readonly wants: unknown;
}

/** Streams and consumers as they should be. */
export interface Topology {
  readonly streams: readonly Stream[];
  readonly consumers: readonly { readonly stream: string; readonly config: Consumer }[];
}

/** The wanted topology. */
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
    deny_purge: true,
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
      {
        ...kept,
        deny_purge: true,
        name: STREAMS.controls.name,
        subjects: [STREAMS.controls.subjects],
      },
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

/** An object store in which nothing can be replaced: no rollup, no purge. */
function planArtifacts(kept: Partial<StreamConfig>): Stream {
  const prefix = `$O.${ARTIFACTS_BUCKET}`;
  return {
    ...kept,
    name: `OBJ_${ARTIFACTS_BUCKET}`,
    subjects: [`${prefix}.C.>`, `${prefix}.M.>`],
    discard: "new",
    deny_purge: true,
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

function planConsumers(options: TopologyOptions): { stream: string; config: Consumer }[] {
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
    { stream: STREAMS.advisories.name, config: { ...endless, durable_name: DURABLES.advisories } },
  ];
}

/** Key of the metadata under which each stream carries the name of its mesh; a backup keeps it. */
const NAME_KEY = "baton-mesh";

/** The mesh's name in a stream's configuration; undefined if it has none. */
export function meshNameIn({ metadata }: Partial<StreamConfig>): MeshName | undefined {
  return MeshName.safeParse(metadata?.[NAME_KEY]).data;
}

function named(name: MeshName): Pick<Stream, "metadata"> {
  return { metadata: { [NAME_KEY]: name } };
}

function newMeshName(): MeshName {
  return `mesh-${randomBytes(16).toString("hex")}`;
}

/** Topology that isn't as it should be: names every difference. */
export class TopologyDrift extends Error {
  override readonly name = "TopologyDrift";
  readonly code = "E_CONFLICT";
  readonly drifts: readonly Drift[];

  constructor(drifts: readonly Drift[]) {
    const list = drifts.map(
      (one) => `${one.what} ${one.field}: is ${show(one.has)}, should be ${show(one.wants)}`,
    );
    super(
      `streams or consumers differ from what Baton needs:\n  ${list.join("\n  ")}\nRepair: set the named options to what they are, or change them with the nats CLI; \`baton doctor\` shows the commands.`,
    );
    this.drifts = drifts;
  }
}

function show(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 80) ?? "unset";
}

/** What a caller says of the streams to be made. */
export interface EnsureOptions {
  /** `kept`: a stream of the mesh's history is never made. */
  readonly history?: "kept" | "made";
  /** Called so where no stream is there that says how. */
  readonly name?: MeshName | undefined;
}

/**
 * Creates what is absent and checks what is there; returns the mesh's name, which all its streams carry. Throws `TopologyDrift`,
 * and what the server says of a stream that is absent. Any number of processes may do it at once.
 */
export async function ensureTopology(
  jsm: JetStreamManager,
  topology: Topology,
  { history = "made", name: wanted }: EnsureOptions = {},
): Promise<MeshName> {
  const drifts: Drift[] = [];
  let name = (await nameInUse(jsm, topology)) ?? wanted ?? newMeshName();
  for (const [index, stream] of topology.streams.entries()) {
    const isHistory = HISTORY_STREAMS.some((one) => one === stream.name);
    if (history === "made" || !isHistory)
      await ignoreExisting(jsm.streams.add({ ...stream, ...named(name) }), STREAM_EXISTS);
    const { config } = await jsm.streams.info(stream.name);
    // Of two who begin at once the one whose first stream was made names the mesh.
    if (index === 0) name = meshNameIn(config) ?? name;
    drifts.push(...differences(`stream ${stream.name}`, config, stream));
    if (meshNameIn(config) !== name) drifts.push(otherName(stream.name, config, name));
  }
  for (const { stream, config } of topology.consumers)
    drifts.push(...(await ensureConsumer(jsm, stream, config)));
  if (drifts.length > 0) throw new TopologyDrift(drifts);
  return name;
}

/** The name that the streams carry which are there; undefined where none is. */
async function nameInUse(
  jsm: JetStreamManager,
  { streams }: Topology,
): Promise<MeshName | undefined> {
  for (const { name } of streams) {
    const info = await jsm.streams.info(name).catch(absent);
    const found = info && meshNameIn(info.config);
    if (found !== undefined) return found;
  }
  return undefined;
}

function otherName(stream: string, config: Partial<StreamConfig>, name: MeshName): Drift {
  const has = meshNameIn(config);
  return { what: `stream ${stream}`, field: "metadata.baton-mesh", has, wants: name };
}

const STREAM_EXISTS = 10058;
const CONSUMER_EXISTS = 10148;

async function ensureConsumer(
  jsm: JetStreamManager,
  stream: string,
  config: Consumer,
): Promise<Drift[]> {
  await addConsumer(jsm, stream, config);
  const info = await jsm.consumers.info(stream, config.durable_name);
  const { deliver_policy: _, ...compared } = config; // a restored consumer starts elsewhere
  return differences(`consumer ${config.durable_name} of ${stream}`, info.config, compared);
}

/** What differs between the server and the plan, without changing anything; absent parts are named as such. */
export async function findDrift(jsm: JetStreamManager, topology: Topology): Promise<Drift[]> {
  const drifts: Drift[] = [];
  let name: MeshName | undefined;
  for (const stream of topology.streams) {
    const info = await jsm.streams.info(stream.name).catch(absent);
    if (!info) {
      drifts.push(gone(`stream ${stream.name}`));
      continue;
    }
    drifts.push(...differences(`stream ${stream.name}`, info.config, stream));
    const found = meshNameIn(info.config);
    name ??= found;
    if (found === undefined || found !== name)
      drifts.push(otherName(stream.name, info.config, name ?? "mesh-…"));
  }
  for (const { stream, config } of topology.consumers) {
    const what = `consumer ${config.durable_name} of ${stream}`;
    const info = await jsm.consumers.info(stream, config.durable_name).catch(absent);
    const { deliver_policy: _, ...compared } = config;
    drifts.push(...(info ? differences(what, info.config, compared) : [gone(what)]));
  }
  return drifts;
}

/** For `catch`: undefined if what was asked for isn't there. */
export function absent(error: unknown): undefined {
  if (error instanceof Error && /not found/i.test(error.message)) return undefined;
  throw error;
}

function gone(what: string): Drift {
  return { what, field: "existence", has: "absent", wants: "present" };
}

/** Makes a consumer, unless there's one of its name. */
export async function addConsumer(
  jsm: JetStreamManager,
  stream: string,
  config: Partial<ConsumerConfig>,
): Promise<void> {
  await ignoreExisting(jsm.consumers.add(stream, config), CONSUMER_EXISTS);
}

async function ignoreExisting(adding: Promise<unknown>, code: number): Promise<void> {
  try {
    await adding;
  } catch (error) {
    if (!(error instanceof JetStreamApiError && error.code === code)) throw error;
  }
}

function differences(what: string, has: object, wants: object): Drift[] {
  const found = new Map(Object.entries(has));
  return Object.entries(wants)
    .filter(([field, value]) => JSON.stringify(found.get(field)) !== JSON.stringify(value))
    .map(([field, value]) => ({ what, field, has: found.get(field), wants: value }));
}

/** Name of the durable a lane works from. */
export function laneDurable(lane: Lane): string {
  return lane;
}
