/**
 * Readers: a stream from the start (or from a sequence), then live.
 *
 * Stored messages are asked for in pages, without a consumer: nothing has to be made on the server, so a reader needs no right
 * to make anything, and nothing is lost when the server restarts.
 *
 * F1: messages come in order, none twice, none left out.
 * F2: whatever happens to the server, reading goes on within two seconds after it answers again.
 */
import { setTimeout as delay } from "node:timers/promises";

import { STREAMS } from "@baton/contracts";
import type { JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "nats";

import { Denied, Unavailable } from "./connect.ts";
import { watchConnection } from "./connection-watch.ts";
import { type PageEnd, type StoredMessage, streamPage } from "./read-page.ts";

/** What to read. */
export interface FollowOptions {
  /** One of ours, or a key-value bucket's. */
  readonly stream: keyof typeof STREAMS | `KV_${string}`;
  /** Subject filter; everything if left out. */
  readonly filter?: string;
  /** Sequence to start at; the beginning if left out. */
  readonly from?: number;
  /** Messages asked for at a time; 256 if left out. */
  readonly page?: number;
  readonly signal: AbortSignal;
  /** Called in order. */
  readonly onMessage: (message: StoredMessage) => void;
  /** Called once, when everything that was there at the start has been read. */
  readonly onCaughtUp?: () => void;
}

/** Where messages are read: a mesh, or a session of the command line. */
export interface Reader {
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
}

const PAGE = 256;
/** A reader looks again after this long; after a quiet while less often. */
const LOOK_MS = 40;
const QUIET_LOOK_MS = 200;
const QUIET_AFTER_MS = 5000;
const RETRY_MS = 250;

/** Reads until the signal is aborted. Rejects with what `onMessage` throws, if the stream isn't there when reading begins, and if it may not be read. */
export async function follow(reader: Reader, options: FollowOptions): Promise<void> {
  const { signal } = options;
  let next = options.from ?? 1;
  let known = false;
  let caughtUp = false;
  let movedMs = Date.now();
  while (!signal.aborted) {
    const before = next;
    const end = await nextPage(reader, options, next, (message) => {
      next = message.seq + 1;
      options.onMessage(message);
    });
    if (end === "absent" && !known) await refuseAbsent(reader, streamName(options));
    if (end === "denied")
      throw new Denied(`the server doesn't let this process read ${streamName(options)}`);
    known ||= end !== "lost";
    if (signal.aborted) return;
    if (next > before) movedMs = Date.now();
    if (end === "more") continue;
    if (end === "all" && !caughtUp) {
      caughtUp = true;
      options.onCaughtUp?.();
    }
    const isQuiet = Date.now() - movedMs > QUIET_AFTER_MS;
    const lookMs = isQuiet ? QUIET_LOOK_MS : LOOK_MS;
    await pause(end === "all" ? lookMs : RETRY_MS, signal);
  }
}

async function nextPage(
  reader: Reader,
  options: FollowOptions,
  from: number,
  take: FollowOptions["onMessage"],
): Promise<PageEnd> {
  const { nc, jsm } = reader;
  const { filter, signal, page: most = PAGE } = options;
  if (!watchConnection(nc).connected) return "lost";
  const api = jsm.getOptions().apiPrefix ?? "$JS.API";
  const subject = `${api}.DIRECT.GET.${streamName(options)}`;
  return streamPage(nc, { subject, from, filter, most, signal }, take);
}

const NAMES: Readonly<Record<string, { readonly name: string }>> = STREAMS;

function streamName({ stream }: FollowOptions): string {
  return NAMES[stream]?.name ?? stream;
}

/** Says why nobody answers: the server names a stream that isn't there. */
async function refuseAbsent({ jsm }: Reader, name: string): Promise<never> {
  await jsm.streams.info(name);
  throw new Unavailable(`${name} has no leader right now`);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // Waiting rejects when the signal is aborted: the caller's condition sees to that.
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
