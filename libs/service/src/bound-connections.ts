import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** How long a client may take, in milliseconds; options of `createServer`. */
export const CLIENT_LIMITS = {
  headersTimeout: 5000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 1000,
} as const;

/**
 * Keeps a server to `most` connections in such a way that nobody is shut out: a new one takes the place of the oldest that
 * waits for its client, for a request that begins, goes on or follows. Only while all of them wait for an answer of ours is a
 * new one refused.
 */
export function boundConnections(server: Server, most: number): void {
  /** By connection, in the order in which they came: requests that came completely and aren't answered yet. */
  const open = new Map<Socket, number>();
  server.on("connection", (socket) => {
    if (open.size >= most) {
      const waiting = oldestWaiting(open);
      (waiting ?? socket).destroy();
      if (waiting === undefined) return;
      open.delete(waiting);
    }
    open.set(socket, 0);
    socket.once("close", () => open.delete(socket));
  });
  server.on("request", (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { socket } = incoming;
    const count = (change: 1 | -1): void => {
      const now = open.get(socket);
      if (now !== undefined) open.set(socket, now + change);
    };
    const begin = (): void => {
      if (outgoing.closed) return;
      count(1);
      outgoing.once("close", () => count(-1));
    };
    const { "content-length": length = "0", "transfer-encoding": chunked } = incoming.headers;
    if (length === "0" && chunked === undefined) begin();
    else incoming.once("end", begin);
  });
}

function oldestWaiting(open: ReadonlyMap<Socket, number>): Socket | undefined {
  for (const [socket, answering] of open) if (answering === 0) return socket;
  return undefined;
}
