/**
 * Makes of the topology what is absent; what is there and differs is an error with the field's name, never silently changed.
 */
import { randomBytes } from "node:crypto";

import { HISTORY_STREAMS, MeshName } from "@baton/contracts";
import {
  type ConsumerConfig,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  type StreamConfig,
} from "@nats-io/jetstream";

import type { PlannedConsumer, Topology } from "./topology.ts";

/** One difference between what is there and what should be. */
export interface Drift {
  readonly what: string;
  readonly field: string;
  readonly has: unknown;
  readonly wants: unknown;
}

/** Key of the metadata under which each stream carries the name of its mesh; a backup keeps it. */
const NAME_KEY = "baton-mesh";

/** The mesh's name in a stream's configuration; undefined if it has none. */
export function meshNameIn({ metadata }: Partial<StreamConfig>): MeshName | undefined {
  return MeshName.safeParse(metadata?.[NAME_KEY]).data;
}

function named(name: MeshName): Pick<StreamConfig, "metadata"> {
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
  for (const planned of topology.consumers) drifts.push(...(await ensureConsumer(jsm, planned)));
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

async function ensureConsumer(jsm: JetStreamManager, planned: PlannedConsumer): Promise<Drift[]> {
  const { stream, config } = planned;
  await addConsumer(jsm, planned);
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

/** A stream, a consumer or a message that isn't there. */
const NOT_FOUND: readonly number[] = [
  JetStreamApiCodes.StreamNotFound,
  JetStreamApiCodes.ConsumerNotFound,
  JetStreamApiCodes.NoMessageFound,
];

/** For `catch`: undefined if what was asked for isn't there. */
export function absent(error: unknown): undefined {
  if (error instanceof JetStreamApiError && NOT_FOUND.includes(error.code)) return undefined;
  throw error;
}

function gone(what: string): Drift {
  return { what, field: "existence", has: "absent", wants: "present" };
}

/** Makes a consumer, unless there's one of its name; `from`: the sequence to start at. */
export async function addConsumer(
  jsm: JetStreamManager,
  planned: PlannedConsumer,
  from?: number,
): Promise<void> {
  const { stream, config } = planned;
  const start = from ?? (await startBehind(jsm, planned));
  const whence: Partial<ConsumerConfig> =
    start === undefined ? {} : { deliver_policy: "by_start_sequence", opt_start_seq: start };
  await ignoreExisting(jsm.consumers.add(stream, { ...config, ...whence }), CONSUMER_EXISTS);
}

/** Where a consumer begins that is new beside one that did its work; undefined: at the beginning. */
async function startBehind(
  jsm: JetStreamManager,
  { stream, config, after }: PlannedConsumer,
): Promise<number | undefined> {
  if (after === undefined) return undefined;
  // One that is there keeps its place.
  if (await jsm.consumers.info(stream, config.durable_name).catch(absent)) return undefined;
  const info = await jsm.consumers.info(stream, after).catch(absent);
  const settled = info?.ack_floor.stream_seq ?? 0;
  return settled === 0 ? undefined : settled + 1;
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
