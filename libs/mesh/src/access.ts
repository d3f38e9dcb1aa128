/**
 * Who may do what on the server, as data; `render-access.ts` of @baton/nats-server makes the server's configuration of it.
 *
 * Permissions alone don't keep a process in its place: the server publishes every answer to whatever reply subject a request
 * names, and a consumer's deliveries to whatever subject its configuration names, without asking whether the requester may
 * publish there. So each kind of process has an account of its own, in which there is nothing but what it imports.
 *
 * A1: only the coordinator is in the account that holds the streams; only it makes streams and consumers, writes the journal.
 * A2: what a kind imports, it may do; an answer goes to the kind's own account and can't reach a stream that it doesn't write.
 * A3: how a process is, only its own kind can say: it answers in its own account, and people ask it there.
 * A4: nobody else makes consumers: readers ask for stored messages directly (see follow.ts).
 * A5: an account takes only so many connections, and of several keys of the kind `cli` each has its own: who has one key keeps
 *     out no other kind, nor people with other keys.
 */
import {
  ARTIFACTS_BUCKET,
  artifactRecordsOf,
  artifactsOfWriter,
  type ArtifactWriter,
  DURABLES,
  LANES,
  type OwnLane,
  RECEIPT_INBOX,
  REVIEWS_BUCKET,
  STREAMS,
} from "@baton/contracts";

import { DEFAULT_TOPOLOGY, planTopology } from "./topology.ts";

/** The kinds of processes; each has its own key and its own account. */
export const KINDS = [
  "coordinator",
  ...LANES,
  "escalation",
  "metrics",
  "paper-engine",
  "cli",
] as const;
export type Kind = (typeof KINDS)[number];

/** Kinds that stay and answer how they are; see service-health.ts. */
export const SERVICES = KINDS.filter((kind) => kind !== "cli");

/**
 * How many connections an account takes: more processes of a kind than any installation has, and a small part of what the server
 * takes, so that whoever has a key keeps nobody else out.
 */
export const ACCOUNT_CONNECTIONS = 256;

/** The account of a kind; of several keys of one kind that have an account each, the one of `key`. */
export function accountOf(kind: Kind, key?: string): string {
  if (kind === "coordinator") return STREAMS_ACCOUNT;
  const account = kind.toUpperCase().replaceAll("-", "_");
  return key === undefined ? account : `${account}_${key.slice(-8)}`;
}

/** The account that holds the streams. */
const STREAMS_ACCOUNT = "BATON";

/** Prefix under which signed-in processes find JetStream's API: an account's own `$JS.API` is another one. */
export const API_PREFIX = "baton.api";
const JETSTREAM = "$JS.API";

/** Something that a kind may publish or ask. */
interface Request {
  /** As the streams' account knows it. */
  readonly subject: string;
  /** As the kind's own account knows it. */
  readonly as: string;
  /** How many answers may come to one request. */
  readonly answers: "one" | "many";
}

/** All that a kind may do. */
export interface Access {
  readonly requests: readonly Request[];
  /** What it may listen to beside its own inboxes. */
  readonly listens: readonly string[];
  /** Kinds that it may ask how they are. */
  readonly asks: readonly Exclude<Kind, "cli">[];
  /** What it may ask the server itself: `subject` as the server's own account knows it. */
  readonly serverAsks: readonly Pick<Request, "subject" | "as">[];
}

/** How many connections there are, and how many of each account. */
export const SERVER_ASK = { limits: "baton.server.limits", accounts: "baton.server.accounts" };
const SERVER_ASKS: Access["serverAsks"] = [
  { subject: "$SYS.REQ.SERVER.PING.VARZ", as: SERVER_ASK.limits },
  { subject: "$SYS.REQ.ACCOUNT.PING.STATZ", as: SERVER_ASK.accounts },
];

const ARTIFACTS = `OBJ_${ARTIFACTS_BUCKET}`;
const REVIEWS = `KV_${REVIEWS_BUCKET}`;

/** What a kind may do; the coordinator may do everything in the streams' account. */
export function accessOf(kind: Exclude<Kind, "coordinator">): Access {
  const requests = [infoOf(STREAMS.advisories.name), ...ownRequests(kind)];
  const unique = new Map(requests.map((request) => [request.subject, request]));
  return {
    requests: [...unique.values()],
    listens: kind === "cli" ? [`${RECEIPT_INBOX}.>`] : [],
    asks: asksOf(kind),
    serverAsks: kind === "cli" ? SERVER_ASKS : [],
  };
}

/** Escalation tells people what the engine says that they must look at. */
function asksOf(kind: Kind): Access["asks"] {
  if (kind === "cli") return SERVICES;
  return kind === "escalation" ? ["paper-engine"] : [];
}

function ownRequests(kind: Exclude<Kind, "coordinator">): Request[] {
  switch (kind) {
    case "escalation":
      return [
        ...works(STREAMS.journal.name, DURABLES.escalation),
        ...reads(STREAMS.journal.name),
        ...reads(REVIEWS),
        publish(`$KV.${REVIEWS_BUCKET}.>`),
        ...seesControls(),
      ];
    case "metrics":
      return [
        ...reads(STREAMS.journal.name),
        ...reads(STREAMS.reports.name),
        ...LANES.map((lane) => api(`CONSUMER.INFO.${STREAMS.journal.name}.${lane}`)),
        ...readsArtifacts(),
      ];
    case "paper-engine":
      return [
        ...seesControls(),
        api(`STREAM.MSG.GET.${STREAMS.pulse.name}`),
        // Whether a candidate's last entry accounts for its file on main.
        api(`STREAM.MSG.GET.${STREAMS.journal.name}`),
        // And whether it is lane E that put it there.
        api(`DIRECT.GET.${ARTIFACTS}.${artifactRecordsOf("lane-e")}`),
      ];
    case "cli":
      return forPeople();
    case "lane-a":
    case "lane-b":
    case "lane-c":
    case "lane-d":
    case "lane-e":
    case "lane-f":
      return forLane(kind);
  }
}

/** A lane: its own dispatches, its own reports, and artifacts, which everybody verifies by their digest. */
function forLane(lane: OwnLane): Request[] {
  return [
    ...works(STREAMS.journal.name, lane),
    publish(`baton.report.${lane}.>`),
    api(`STREAM.MSG.GET.${STREAMS.journal.name}`),
    api(`STREAM.MSG.GET.${STREAMS.reports.name}`),
    ...(lane === "lane-e" || lane === "lane-f" ? seesControls() : []),
    // What people signed: lane E verifies it, lane F seals it.
    ...(lane === "lane-e" || lane === "lane-f"
      ? [api(`STREAM.MSG.GET.${STREAMS.commands.name}`)]
      : []),
    // What a dispatch rests on; lanes E and F also read a candidate's whole journal, for the audit pack and who began a ramp.
    api(`DIRECT.GET.${STREAMS.journal.name}`, "many"),
    ...storesArtifacts(lane),
  ];
}

/** People read everything, and ask for things; what they ask is decided by who signed it. */
function forPeople(): Request[] {
  const { streams, consumers } = planTopology(DEFAULT_TOPOLOGY);
  return [
    api("INFO"),
    ...streams.flatMap(({ name }) => reads(name)),
    ...consumers.map(({ stream, config }) => api(`CONSUMER.INFO.${stream}.${config.durable_name}`)),
    publish(STREAMS.commands.subjects),
    // A submission's own prices.
    ...storesArtifacts("cli"),
  ];
}

/** Asks again and again whether the kill switch is engaged or something is frozen. */
function seesControls(): Request[] {
  return [api(`STREAM.MSG.GET.${STREAMS.controls.name}`)];
}

/** Takes from a durable, and settles what it got. */
function works(stream: string, durable: string): Request[] {
  return [
    api(`CONSUMER.INFO.${stream}.${durable}`),
    publish(`${JETSTREAM}.CONSUMER.MSG.NEXT.${stream}.${durable}`, "many"),
    ...acknowledgements(stream, durable).map((subject) => publish(subject)),
  ];
}

/** What ends a delivery's reply subject: deliveries, both sequences, time, pending. */
const FIGURES = "*.*.*.*.*";

/**
 * The reply subjects of one durable's deliveries, in every form in use: nine tokens; or domain and account before the stream,
 * and perhaps a random token at the end. Each has its exact number of tokens. A pattern that is open at its end, or one in which
 * domain and account may be anything, takes in another durable's nine; and with `+NXT` as its content that is a pull.
 */
function acknowledgements(stream: string, durable: string): string[] {
  const own = `${stream}.${durable}.${FIGURES}`;
  return [`$JS.ACK.${own}`, `$JS.ACK.*.*.${own}`, `$JS.ACK.*.*.${own}.*`];
}

/** Reads what is stored, from the leader or from any replica. */
function reads(stream: string): Request[] {
  return [
    infoOf(stream),
    api(`STREAM.MSG.GET.${stream}`),
    api(`DIRECT.GET.${stream}`, "many"),
    api(`DIRECT.GET.${stream}.>`),
  ];
}

/** Reads everybody's artifacts, stores under its own name. */
function storesArtifacts(writer: ArtifactWriter): Request[] {
  return [...artifactsOfWriter(writer).map((subject) => publish(subject)), ...readsArtifacts()];
}

function readsArtifacts(): Request[] {
  return [api(`STREAM.MSG.GET.${ARTIFACTS}`), api(`DIRECT.GET.${ARTIFACTS}`, "many")];
}

function infoOf(stream: string): Request {
  return api(`STREAM.INFO.${stream}`);
}

function api(verb: string, answers: Request["answers"] = "one"): Request {
  return { subject: `${JETSTREAM}.${verb}`, as: `${API_PREFIX}.${verb}`, answers };
}

function publish(subject: string, answers: Request["answers"] = "one"): Request {
  return { subject, as: subject, answers };
}
