import { setTimeout as delay } from "node:timers/promises";

import { DURABLES, HISTORY_STREAMS, LANES, STREAMS } from "@baton/contracts";
import {
  DEFAULT_TOPOLOGY,
  type Drift,
  findDrift,
  planTopology,
  type TopologyOptions,
} from "@baton/mesh";
/** Streams and consumers: are they there, as planned, and is anybody reading? */
import { counted } from "@baton/text/counted";
import { ageText } from "@baton/views";
import type { ConsumerInfo, StreamInfo } from "@nats-io/jetstream";
import { z } from "zod";

import type { Session } from "../session/session.ts";
import { fault, type Finding, ok, remark } from "./finding.ts";
import type { World } from "./world.ts";

const NANOS_PER_MS = 1_000_000;
/** A pull ends and the next one begins: between the two nobody seems to wait. */
const LOOKS = 4;
const LOOK_AGAIN_MS = 150;
/** Silence below this isn't told, however short the ack wait. */
const SILENT_MIN_MS = 5000;

/** What is looked at of a consumer. */
export type ConsumerNumbers = Pick<
  ConsumerInfo,
  "name" | "stream_name" | "num_waiting" | "num_pending" | "num_ack_pending" | "num_redelivered"
> & {
  readonly config: { readonly ack_wait?: number; readonly max_deliver?: number };
  /** The server's time. */
  readonly ts?: unknown;
  /** With the time of the last activity, which the client's types take for a number. */
  readonly delivered: Pick<ConsumerInfo["delivered"], "stream_seq" | "consumer_seq">;
  readonly ack_floor: Pick<ConsumerInfo["ack_floor"], "stream_seq" | "consumer_seq">;
};

const Activity = z.object({ last_active: z.string().optional() });

/** A stream's information, or undefined if there is none of that name. */
export async function streamInfo(
  { jsm }: Pick<Session, "jsm">,
  name: string,
): Promise<StreamInfo | undefined> {
  return jsm.streams.info(name).catch((error: unknown) => {
    if (error instanceof Error && error.name === "StreamNotFoundError") return undefined;
    throw error;
  });
}

/** Differences from what Baton needs, each with the command that mends it, and what the streams hold. */
export async function examineStreams({ session }: World): Promise<Finding[]> {
  const topology = planTopology(await chosenOptions(session));
  const drifts = await findDrift(session.jsm, topology);
  const coordinated = drifts.some(isAbsent) && (await isCoordinated(session));
  const findings = drifts.map((drift) => driftFinding(drift, { coordinated }));
  if (drifts.length === 0) {
    const count = `${counted(topology.streams.length, "stream")}, ${counted(topology.consumers.length, "consumer")}`;
    findings.push(ok("topology", `${count}, all as planned`));
  }
  for (const { name } of Object.values(STREAMS)) {
    const info = await streamInfo(session, name);
    if (info) findings.push(ok(name, holds(info)));
  }
  return findings;
}

function holds({ state, config }: StreamInfo): string {
  const megabytes = (state.bytes / 1e6).toFixed(1);
  return `${counted(state.messages, "message")}, ${megabytes} MB, last sequence ${state.last_seq}, replicas ${config.num_replicas}`;
}

/** What an operator may choose is taken from what is there; only contradictions remain as differences. */
async function chosenOptions({ jsm }: Pick<Session, "jsm">): Promise<TopologyOptions> {
  const journal = await streamInfo({ jsm }, STREAMS.journal.name);
  const lane = await jsm.consumers.info(STREAMS.journal.name, LANES[0]).catch(() => undefined);
  const ackWait = lane?.config.ack_wait;
  return {
    replicas: journal?.config.num_replicas ?? DEFAULT_TOPOLOGY.replicas,
    ackWaitMs: ackWait === undefined ? DEFAULT_TOPOLOGY.ackWaitMs : ackWait / NANOS_PER_MS,
    maxDeliver: lane?.config.max_deliver ?? DEFAULT_TOPOLOGY.maxDeliver,
  };
}

/** A coordinator that works takes from its durables. */
async function isCoordinated(session: Pick<Session, "jsm">): Promise<boolean> {
  const { reports, commands, controls, advisories } = DURABLES;
  const all = planTopology(DEFAULT_TOPOLOGY).consumers.filter(({ config }) =>
    [reports, commands, controls, advisories].some((name) => name === config.durable_name),
  );
  const found = all.map(({ stream, config }) => lookAt(session, stream, config.durable_name));
  return (await Promise.all(found)).some((info) => info !== undefined && isRead(info));
}

/** What a difference means; `coordinated`: a coordinator runs, which makes again by itself what isn't history. */
export function driftFinding(drift: Drift, { coordinated }: { coordinated: boolean }): Finding {
  if (coordinated && isAbsent(drift) && !isHistory(drift)) {
    const repair =
      "Nothing: the coordinator makes it again within 15 s. If it is still absent then, read the coordinator's log.";
    return remark(drift.what, "is absent", repair);
  }
  return fault(drift.what, describeDrift(drift), repairOf(drift));
}

function isAbsent({ field }: Drift): boolean {
  return field === "existence";
}

function isHistory({ what }: Pick<Drift, "what">): boolean {
  return HISTORY_STREAMS.some((name) => what === `stream ${name}`);
}

function describeDrift({ field, has, wants }: Drift): string {
  if (field === "existence") return "is absent";
  return `${field} is ${JSON.stringify(has) ?? "unset"}, should be ${JSON.stringify(wants)}`;
}

/** Options of the nats command line that set a field. */
const FLAGS: Readonly<Record<string, (wants: unknown) => string>> = {
  max_msg_size: (wants) => `--max-msg-size=${String(wants)}`,
  num_replicas: (wants) => `--replicas=${String(wants)}`,
  duplicate_window: (wants) => `--dupe-window=${Number(wants) / NANOS_PER_MS}ms`,
  max_age: (wants) => `--max-age=${Number(wants) / NANOS_PER_MS}ms`,
  max_msgs: (wants) => `--max-msgs=${String(wants)}`,
  max_msgs_per_subject: (wants) => `--max-msgs-per-subject=${String(wants)}`,
  discard: (wants) => `--discard=${String(wants)}`,
  discard_new_per_subject: () => "--discard-per-subject",
  allow_direct: () => "--allow-direct",
  allow_atomic: () => "--allow-batch",
  subjects: (wants) => `--subjects='${Array.isArray(wants) ? wants.join(",") : ""}'`,
  ack_wait: (wants) => `--wait=${Number(wants) / NANOS_PER_MS}ms`,
  max_deliver: (wants) => `--max-deliver=${String(wants)}`,
  max_ack_pending: (wants) => `--max-pending=${String(wants)}`,
  filter_subject: (wants) => `--filter='${String(wants)}'`,
};

function repairOf({ what, field, wants }: Drift): string {
  const [kind = "", name = "", , stream = ""] = what.split(" ");
  if (field === "existence") {
    return isHistory({ what })
      ? "Unless nothing was ever decided here it is lost: see `history` above. The coordinator makes it only in a new mesh."
      : "Start the coordinator: it makes what is absent.";
  }
  const flag = FLAGS[field]?.(wants);
  if (flag === undefined) {
    return `This can't be changed in place: stop the mesh, back ${kind === "stream" ? name : stream} up (\`nats stream backup\`), and let the coordinator make it anew.`;
  }
  const target = kind === "stream" ? name : `${stream} ${name}`;
  return `nats ${kind} edit ${target} ${flag}`;
}

/** Who reads, how far behind it is, and whether it runs at all. */
export async function examineConsumers({ session }: World): Promise<Finding[]> {
  const wanted = planTopology(DEFAULT_TOPOLOGY).consumers;
  const found = wanted.map(async ({ stream, config }) => {
    const info = await lookAt(session, stream, config.durable_name);
    return info === undefined ? [] : [judge(info)];
  });
  return (await Promise.all(found)).flat();
}

async function lookAt(
  { jsm }: Pick<Session, "jsm">,
  stream: string,
  durable: string,
): Promise<ConsumerInfo | undefined> {
  for (let look = 1; ; look += 1) {
    const info = await jsm.consumers.info(stream, durable).catch(() => undefined);
    if (!info || isRead(info) || look === LOOKS) return info;
    await delay(LOOK_AGAIN_MS);
  }
}

/** A delivery that is held is no sign of life: who holds it may be frozen. A pull that waits is one, and so is any activity. */
function isRead(info: ConsumerNumbers): boolean {
  return info.num_waiting > 0 || (info.num_ack_pending > 0 && silentMs(info) <= patienceMs(info));
}

/** Who holds a delivery says so every third of the ack wait; where it isn't known, nothing counts as silence. */
function patienceMs({ config }: ConsumerNumbers): number {
  return config.ack_wait === undefined
    ? Number.POSITIVE_INFINITY
    : Math.max(config.ack_wait / NANOS_PER_MS, SILENT_MIN_MS);
}

/** Since the last delivery, acknowledgement or "working", by the server's clock. */
function silentMs({ ts, delivered, ack_floor: floor }: ConsumerNumbers): number {
  const last = [delivered, floor].flatMap((sequence) => {
    const time = Activity.safeParse(sequence).data?.last_active;
    return time === undefined ? [] : [Date.parse(time)];
  });
  return last.length === 0 || typeof ts !== "string" ? 0 : Date.parse(ts) - Math.max(...last);
}

/** Said of a consumer whose deliveries are held by somebody who gives no sign of life; undefined of any other. */
export function holdsInVain(info: ConsumerNumbers): Finding | undefined {
  if (isRead(info) || info.num_ack_pending === 0) return undefined;
  const { name, stream_name: stream } = info;
  return fault(
    name,
    `${stream}: whoever holds its deliveries gave no sign of life for ${ageText(silentMs(info))}: ${numbersOf(info)}`,
    `It hangs, or it is gone: \`baton get services\` shows which; \`baton restart ${name}\` under \`baton up\`.`,
  );
}

function numbersOf(info: ConsumerNumbers): string {
  return `${info.num_pending} waiting, ${info.num_ack_pending} in work, ${info.num_redelivered} redelivered`;
}

/** Says what a consumer's numbers mean. */
export function judge(info: ConsumerNumbers): Finding {
  const { name, stream_name: stream } = info;
  const about = name;
  const numbers = numbersOf(info);
  if (isRead(info)) return ok(about, numbers);
  const away = `nobody reads it (${numbers})`;
  const vain = holdsInVain(info);
  if (vain) return vain;
  if (LANES.some((lane) => lane === name))
    return fault(
      about,
      `no process of ${name} runs: ${numbers}`,
      `Start ${name}; \`baton up\` starts all of them.`,
    );
  if (name === DURABLES.escalation) {
    const repair = "Start the escalation service: nobody is told of reviews otherwise.";
    return info.num_pending > 0 ? fault(about, away, repair) : remark(about, away, repair);
  }
  return fault(about, `${stream}: ${away}`, "Start the coordinator; nothing moves without it.");
}
