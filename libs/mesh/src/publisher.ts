/**
 * Stores messages and waits for the acknowledgement, many at a time over one wildcard inbox.
 *
 * P1: every publish ends: acknowledged, refused with the server's code, or `Unavailable` (outcome unknown) after its deadline.
 * P2: nothing is sent while the connection is down; what was under way then is `Unavailable` at once, not after the deadline.
 */
import { ARTIFACTS_BUCKET, REVIEWS_BUCKET, STREAMS } from "@baton/contracts";
import { createInbox, type Msg, type NatsConnection, type PublishOptions } from "nats";

import { Unavailable } from "./connect.ts";
import { encodeText, headerBlock, type HeaderFields } from "./message-bytes.ts";
import { Pending } from "./pending.ts";

/** Acknowledgement of a stored message. `duplicate`: it was stored before under `sequence`, and not again. */
export interface Stored {
  readonly sequence: number;
  readonly duplicate: boolean;
}

/** A publish that the server refused: nothing was stored. */
export class Refused extends Error {
  override readonly name = "Refused";
  /** JetStream error code, for example 10071. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** No stream is there for the subject, or it has no leader: nothing was stored. */
export class NobodyTakes extends Unavailable {}

/** Codes with which the server says that something is there already, or that a fence doesn't hold. */
export const REFUSALS = {
  wrongLastSequence: 10071,
  subjectTaken: 10077,
  duplicateInBatch: 10201,
} as const;

/** One message to store. */
export interface Outgoing {
  readonly subject: string;
  readonly payload: string | Uint8Array;
  readonly headers: HeaderFields;
}

interface Waiting {
  /** The first one of a batch. */
  readonly subject: string;
  readonly resolve: (stored: Stored) => void;
  readonly reject: (error: Error) => void;
  readonly until: number;
}

const SWEEP_MS = 250;

/** Publishes with acknowledgement; see P1, P2. */
export interface Publisher {
  publish(message: Outgoing): Promise<Stored>;
  /** Stores all or none. The result is the last message's sequence; the others directly precede it. */
  publishBatch(messages: readonly Outgoing[]): Promise<Stored>;
  /** Streams that took the last message without an answer, lately: see pulse.ts for what that means. */
  unanswered(): readonly string[];
  close(): void;
}

/** A stream that wasn't written to for so long may be well again. */
const UNANSWERED_MS = 60_000;

/** Subjects by the stream that takes them. */
const TAKES: readonly (readonly [prefix: string, stream: string])[] = [
  ["$O.", `OBJ_${ARTIFACTS_BUCKET}`],
  ["$KV.", `KV_${REVIEWS_BUCKET}`],
  ...Object.values(STREAMS).map(({ name, subjects }) => [subjects.replace(">", ""), name] as const),
];

function streamOf(subject: string): string {
  return TAKES.find(([prefix]) => subject.startsWith(prefix))?.[1] ?? subject.slice(0, 80);
}

/** Opens a publisher on a connection. `timeoutMs` bounds each publish. */
export function openPublisher(nc: NatsConnection, timeoutMs = 5000): Publisher {
  const inbox = createInbox();
  const waiting = new Pending<Waiting>();
  const unanswered = new Map<string, number>();
  let batches = 0;
  let connected = true;

  const subscription = nc.subscribe(`${inbox}.*`, {
    callback: (error, message) => {
      const subject = error ? undefined : settle(waiting, message, inbox.length + 1);
      if (subject !== undefined && unanswered.size > 0) unanswered.delete(streamOf(subject));
    },
  });
  const timer = setInterval(() => {
    const now = Date.now();
    for (const { subject } of expire(waiting, now)) unanswered.set(streamOf(subject), now);
  }, SWEEP_MS);
  timer.unref();
  void followStatus(nc, (up) => {
    connected = up;
    // Another server process, or the same one that was away: what it takes now isn't known.
    if (up) unanswered.clear();
    if (!up) expire(waiting, Number.POSITIVE_INFINITY);
  });

  const acknowledged = (subject: string, send: (reply: string) => void): Promise<Stored> =>
    new Promise((resolve, reject) => {
      if (!connected || nc.isClosed()) {
        reject(new Unavailable("not connected to the server"));
        return;
      }
      send(`${inbox}.${waiting.add({ subject, resolve, reject, until: Date.now() + timeoutMs })}`);
    });

  return {
    publish: (message) => acknowledged(message.subject, (reply) => put(nc, message, reply)),
    publishBatch: (messages) =>
      acknowledged(messages[0]?.subject ?? "", (reply) => {
        batches += 1;
        const id = `${inbox.slice(-16)}${batches.toString(36)}`;
        messages.forEach(({ subject, payload, headers }, index) => {
          const last = index === messages.length - 1;
          const member = {
            ...headers,
            "Nats-Batch-Id": id,
            "Nats-Batch-Sequence": index + 1,
            "Nats-Batch-Commit": last ? 1 : undefined,
          };
          put(nc, { subject, payload, headers: member }, last ? reply : undefined);
        });
      }),
    unanswered: () => {
      const since = Date.now() - UNANSWERED_MS;
      return [...unanswered].flatMap(([stream, atMs]) => (atMs > since ? [stream] : []));
    },
    close: () => {
      clearInterval(timer);
      subscription.unsubscribe();
      expire(waiting, Number.POSITIVE_INFINITY);
    },
  };
}

function put(nc: NatsConnection, message: Outgoing, reply: string | undefined): void {
  const options: PublishOptions = {};
  if (reply !== undefined) options.reply = reply;
  const block = headerBlock(message.headers);
  if (block) options.headers = block;
  const { subject, payload } = message;
  nc.publish(subject, typeof payload === "string" ? encodeText(payload) : payload, options);
}

/** Returns the subject of what was stored; undefined for an answer that stores nothing. */
function settle(waiting: Pending<Waiting>, message: Msg, prefix: number): string | undefined {
  const key = Number(message.subject.slice(prefix));
  const one = waiting.take(key);
  if (!one) return undefined;
  const answer = parseAck(message);
  if (answer instanceof Error) {
    one.reject(answer);
    return undefined;
  }
  one.resolve(answer);
  return one.subject;
}

/** What the server answers nearly always, read without a JSON object. */
const STORED = /^\{"stream":"[A-Z_]{1,40}", ?"seq":(\d{1,15})\}$/;

function parseAck(message: Msg): Stored | Error {
  if (message.data.length === 0)
    return new NobodyTakes("no stream takes this subject, or it has no leader");
  const text = message.string();
  const usual = STORED.exec(text);
  if (usual) return { sequence: Number(usual[1]), duplicate: false };
  try {
    const answer: {
      seq?: number;
      duplicate?: boolean;
      error?: { err_code?: number; description?: string };
    } = JSON.parse(text);
    if (answer.error)
      return new Refused(answer.error.err_code ?? 0, answer.error.description ?? "refused");
    if (answer.seq === undefined) return new Unavailable("acknowledgement without a sequence");
    return { sequence: answer.seq, duplicate: answer.duplicate === true };
  } catch (error) {
    return new Unavailable("acknowledgement isn't JSON", { cause: error });
  }
}

/** Rejects what is over, and returns it. */
function expire(waiting: Pending<Waiting>, now: number): readonly Waiting[] {
  const over = waiting.takeWhere(({ until }) => until <= now);
  for (const one of over)
    one.reject(new Unavailable("no acknowledgement in time: the outcome is unknown"));
  return over;
}

async function followStatus(nc: NatsConnection, report: (up: boolean) => void): Promise<void> {
  for await (const status of nc.status()) {
    if (status.type === "disconnect") report(false);
    if (status.type === "reconnect") report(true);
  }
}
