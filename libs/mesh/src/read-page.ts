/** One page of stored messages, by the server's batched direct get. */
import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from "nats";

import { watchConnection } from "./connection-watch.ts";

/** A message as it is stored. */
export interface StoredMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly seq: number;
  /** When it was stored. */
  readonly time: Date;
  /** The same in milliseconds since 1970, with what the server knows of fractions. */
  readonly storedMs: number;
  /** Its own, and the server's about where it is. */
  readonly headers: MsgHdrs;
}

/**
 * How a page ended. `more`: there are more at this moment; `all`: there are none; `lost`: the answer didn't come, or not whole; `absent`: nobody
 * answers for the stream; `denied`: this process may not read it.
 */
export type PageEnd = "more" | "all" | "lost" | "absent" | "denied";

/** A page's messages, and how it ended. */
export interface Page {
  readonly messages: readonly StoredMessage[];
  readonly end: PageEnd;
}

/** What to read. */
export interface PageRequest {
  /** Of the stream's direct get. */
  readonly subject: string;
  readonly from: number;
  readonly filter: string | undefined;
  readonly most: number;
  readonly signal: AbortSignal;
}

/** More bytes than this don't come in one page. */
const MAX_BYTES = 4 * 1024 * 1024;
const SILENT_MS = 5000;
const CHECK_MS = 50;

/** Reads a page; every call ends, after a lost connection at once. */
export async function readPage(nc: NatsConnection, request: PageRequest): Promise<Page> {
  const messages: StoredMessage[] = [];
  const end = await streamPage(nc, request, (message) => void messages.push(message));
  return { messages, end };
}

/**
 * The same, each message handed over as it comes: a page that is kept until it's whole costs the collector more than the reading.
 * After the end, and after an abort, nothing is handed over. Rejects with what `take` throws.
 */
export function streamPage(
  nc: NatsConnection,
  request: PageRequest,
  take: (message: StoredMessage) => void,
): Promise<PageEnd> {
  const { subject, from, filter, most, signal } = request;
  const watch = watchConnection(nc);
  const { losses, denials } = watch;
  const { promise, resolve, reject } = Promise.withResolvers<PageEnd>();
  let isOver = false;
  const end = (how: PageEnd): void => {
    isOver = true;
    resolve(how);
  };
  let heardMs = Date.now();
  const inbox = createInbox();
  const subscription = nc.subscribe(inbox, {
    callback: (error, message) => {
      heardMs = Date.now();
      if (isOver) return;
      if (error || signal.aborted) return end("lost");
      const code = message.headers?.code ?? 0;
      if (code !== 0) return end(endOf(code, message));
      const stored = toStored(message);
      if (!stored) return end("lost");
      try {
        take(stored);
      } catch (thrown) {
        isOver = true;
        reject(thrown);
      }
    },
  });
  const timer = setInterval(() => {
    const isLost =
      watch.losses !== losses ||
      Date.now() - heardMs > SILENT_MS ||
      nc.isClosed() ||
      signal.aborted;
    if (isLost) end("lost");
    if (watch.denials > denials && watch.lastDenial?.subject === subject) end("denied");
  }, CHECK_MS);
  const body = {
    seq: from,
    batch: most,
    max_bytes: MAX_BYTES,
    next_by_subj: filter ?? ">",
  };
  nc.publish(subject, JSON.stringify(body), { reply: inbox });
  return promise.finally(() => {
    clearInterval(timer);
    if (!nc.isClosed()) subscription.unsubscribe();
  });
}

const NO_RESPONDERS = 503;
const END_OF_PAGE = 204;
const NOTHING = 404;

function endOf(code: number, message: Msg): PageEnd {
  if (code === NOTHING) return "all";
  if (code === NO_RESPONDERS) return "absent";
  if (code !== END_OF_PAGE) return "lost";
  return Number(message.headers?.get("Nats-Num-Pending") ?? 0) > 0 ? "more" : "all";
}

/** Undefined for what doesn't bear the server's headers: an exception here would end the whole connection's reading. */
function toStored({ data, headers }: Msg): StoredMessage | undefined {
  if (!headers?.has("Nats-Sequence")) return undefined;
  const timestamp = headers.get("Nats-Time-Stamp");
  const time = new Date(timestamp);
  const fraction = /\.\d{3}(\d+)/.exec(timestamp)?.[1] ?? "";
  return {
    subject: headers.get("Nats-Subject"),
    data,
    seq: Number(headers.get("Nats-Sequence")),
    time,
    storedMs: time.getTime() + (fraction === "" ? 0 : Number(`0.${fraction}`)),
    headers,
  };
}
