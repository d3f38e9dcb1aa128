/**
 * Keeps whoever asks from taking the event loop: a service decides, and answering is what it does besides.
 *
 * Connections are let in one per turn of the loop, at a bounded rate; requests of strangers likewise. Those that bring a token
 * that is known don't wait for strangers. A connection that asks before it has its answer is cut: nobody needs pipelining, and
 * one read of 64 KiB would hold a thousand requests.
 */
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { performance } from "node:perf_hooks";

import { createBucket, createPacedLine } from "./paced-line.ts";

const now = (): number => performance.now();

/** New connections, whoever it is: the token comes later. */
const CONNECTIONS = { perSecond: 400, burst: 400, most: 512 } as const;
/** Requests without a known token, of all connections: probes and scrapers need a few a second. */
const STRANGERS = { perSecond: 200, burst: 400, most: 400 } as const;
/** Requests without a known token of one connection. */
const STRANGER = { perSecond: 100, burst: 200 } as const;
/** Requests with one, of all connections. */
const KNOWN = { perSecond: 5000, burst: 5000 } as const;
/** So much of what a connection brought is parsed before it is looked at whether to go on. */
const PIECE_BYTES = 1024;

/** Why a request wasn't answered. */
export type RefusedFor = "connections" | "pipelining" | "connection-rate" | "rate" | "known-rate";

const BODY = JSON.stringify({
  code: "E_TOO_MANY_REQUESTS",
  message: "more requests than are answered here",
  action: "ask less often",
});
const TOO_MANY = `HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(BODY)}\r\n\r\n${BODY}`;

/** Lets connections in by turns, what they bring waits in their buffers; call it before others listen for them. */
export function admitByTurns(server: Server, refused: (why: RefusedFor) => void): void {
  const line = createPacedLine(CONNECTIONS, now);
  const readers = server.listeners("connection");
  server.removeAllListeners("connection");
  const admit = (socket: Socket): void => {
    if (!server.listening) return void socket.destroy();
    for (const reader of readers) reader.call(server, socket);
    parseInPieces(socket);
  };
  server.on("connection", (socket: Socket) => {
    socket.on("error", () => socket.destroy());
    const gone = (): boolean => socket.destroyed;
    if (line.add(() => admit(socket), gone)) return;
    refused("connections");
    socket.destroy();
  });
}

function parseInPieces(socket: Socket): void {
  const parsers = socket.listeners("data");
  socket.removeAllListeners("data");
  socket.on("data", (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      if (socket.destroyed || socket.writableEnded) return;
      const piece = chunk.subarray(at, at + PIECE_BYTES);
      for (const parse of parsers) parse.call(socket, piece);
    }
  });
}

type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/** `answer`, for requests within the bounds; the others' connections are closed without it. */
export function withinBounds(
  answer: Listener,
  {
    isKnown,
    refused,
  }: {
    /** True if a request with these headers brings a token that is known. */
    isKnown: (headers: IncomingHttpHeaders) => boolean;
    refused: (why: RefusedFor) => void;
  },
): Listener {
  const line = createPacedLine(STRANGERS, now);
  const known = createBucket(KNOWN, now);
  const buckets = new WeakMap<Socket, ReturnType<typeof createBucket>>();
  const answering = new WeakSet<Socket>();
  const bucketOf = (socket: Socket): ReturnType<typeof createBucket> => {
    const bucket = buckets.get(socket) ?? createBucket(STRANGER, now);
    buckets.set(socket, bucket);
    return bucket;
  };
  return (incoming, outgoing) => {
    const { socket, headers } = incoming;
    if (socket.destroyed || socket.writableEnded) return;
    if (answering.has(socket)) {
      refused("pipelining");
      socket.destroy();
      return;
    }
    answering.add(socket);
    outgoing.once("close", () => answering.delete(socket));
    const refuse = (why: RefusedFor): void => {
      refused(why);
      socket.write(TOO_MANY);
      socket.destroySoon();
    };
    if (isKnown(headers)) {
      if (known.take()) answer(incoming, outgoing);
      else refuse("known-rate");
    } else if (!bucketOf(socket).take()) refuse("connection-rate");
    else if (
      !line.add(
        () => answer(incoming, outgoing),
        () => socket.destroyed,
      )
    )
      refuse("rate");
  };
}
