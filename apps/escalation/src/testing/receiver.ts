/** A real HTTP server that a test tells how to behave: answer, refuse, hang, answer late, hang up, talk without end, send elsewhere. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";

/** A request that arrived whole. */
export interface Received {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly atMs: number;
}

/** What is done with one request. */
export type Behaviour =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  | { readonly kind: "hang" }
  | { readonly kind: "late"; readonly afterMs: number }
  | { readonly kind: "hang up" }
  | { readonly kind: "endless" }
  /** Accepted, after this was done. */
  | { readonly kind: "first"; readonly act: () => void };

/** The server. */
export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** How the next requests are treated, in turn; then all are accepted. */
  next(...behaviours: readonly Behaviour[]): void;
  /** Bytes of endless answers that were taken off its hands. */
  readonly sentBytes: number;
  close(): Promise<void>;
}

export const OK: Behaviour = { kind: "answer", status: 200 };

/** Starts one; close it. */
export async function openReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const queue: Behaviour[] = [];
  let sentBytes = 0;
  const server = createServer((request, response) => {
    response.on("error", () => undefined);
    request.on("error", () => undefined);
    void handle(request, response).catch(() => response.destroy());
  });
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = (await buffer(request)).toString();
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    const behaviour = queue.shift() ?? OK;
    received.push({ path: request.url ?? "", headers, body, atMs: Date.now() });
    if (behaviour.kind === "answer")
      response.writeHead(behaviour.status, behaviour.headers).end(behaviour.body ?? "");
    else if (behaviour.kind === "late")
      setTimeout(() => response.writeHead(200).end("late"), behaviour.afterMs);
    else if (behaviour.kind === "hang up") request.socket.destroy();
    else if (behaviour.kind === "first") {
      behaviour.act();
      response.writeHead(200).end();
    } else if (behaviour.kind === "endless") talk(response);
  };
  const talk = (response: ServerResponse): void => {
    response.writeHead(500);
    const chunk = Buffer.alloc(65_536, "x");
    const write = (): void => {
      while (!response.destroyed) {
        sentBytes += chunk.length;
        if (!response.write(chunk)) return void response.once("drain", write);
      }
    };
    write();
  };
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    next: (...behaviours) => void queue.push(...behaviours),
    get sentBytes() {
      return sentBytes;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
