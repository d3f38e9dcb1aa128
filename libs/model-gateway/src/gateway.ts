/**
 * Stands between coding agents and a model's API, inside a lane.
 *
 * W1: the provider's key stays in this process; an agent has a socket and a token of its attempt, which end with it.
 * W2: what a call took is counted here, from the answer, and recorded before and after; what is spent is spent (G1, G2).
 * W3: nothing of a call but its figures is told or logged.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { chmod } from "node:fs/promises";
import { createServer, Agent as HttpAgent } from "node:http";
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { join } from "node:path";

import { type PrivateFolder, privateFolder } from "@baton/files";
import { z } from "zod";

import type { Amount, Budget, Spent } from "./budget.ts";
import type { CallFact } from "./call-fact.ts";
import { GatewayConfig } from "./gateway-config.ts";
import { GatewayFault } from "./gateway-fault.ts";
import { openLedger } from "./ledger.ts";
import { readKey } from "./read-key.ts";
import { type Attempt, serveCall } from "./serve-call.ts";

/** What an attempt may spend, and who keeps account of it. */
export interface AttemptOptions {
  readonly budgets: readonly Budget[];
  /** Stores a fact; a call whose beginning can't be stored isn't made. */
  readonly record: (fact: CallFact) => void | Promise<void>;
  /** What the gateway couldn't do; holds no secret. */
  readonly onFault?: (error: unknown) => void;
  /** Listen on a port of 127.0.0.1 too, for an agent without a sandbox. */
  readonly loopback?: boolean;
}

/** The gateway as one attempt has it, until it is closed. */
export interface OpenAttempt extends AsyncDisposable {
  /** Of a folder of its own (0700); both go with the attempt. */
  readonly socket: string;
  readonly folder: string;
  /** `http://127.0.0.1:port`, if it was asked for. */
  readonly url: string | undefined;
  /** The agent's password here: a bearer token, or `x-api-key`. */
  readonly token: string;
  /** By this attempt so far. */
  spent(this: void): Amount;
  /** The budget that a call was refused for, if one was. */
  cutBy(this: void): Spent | undefined;
  /** Cuts what is in flight, and waits until all is recorded. */
  close(this: void): Promise<void>;
}

export interface Gateway extends AsyncDisposable {
  open(this: void, options: AttemptOptions): Promise<OpenAttempt>;
  close(this: void): Promise<void>;
}

const SOCKET = "model.sock";
/** Bytes of a socket's path that every system takes. */
const LONGEST_PATH = 100;
const MOST_CONNECTIONS = 128;
/** So many of the largest bodies are held for an attempt at a time; smaller ones in number. */
const ROOM = 2;
/** A connection to the provider that serves no call is kept so long. */
const IDLE_MS = 30_000;
const MOST_FREE_CALLS = 1000;
/** Refusals after these are counted by nobody: an agent that goes on asking says nothing new. */
const MOST_REFUSALS = 100;

/** Throws GatewayFault for a configuration that breaks a rule, or a key that can't be read. */
export function openGateway(input: z.input<typeof GatewayConfig>): Gateway {
  const parsed = GatewayConfig.safeParse(input);
  if (!parsed.success)
    throw new GatewayFault("E_MODEL_CONFIG", `the gateway: ${z.prettifyError(parsed.error)}`, {
      action: "Correct that in the gateway's configuration.",
    });
  const config = parsed.data;
  for (const upstream of Object.values(config.upstreams)) if (upstream) readKey(upstream.keyFile);
  const agents = {
    http: new HttpAgent({ keepAlive: true, timeout: IDLE_MS }),
    https: new HttpsAgent({ keepAlive: true, timeout: IDLE_MS }),
  };
  const open = new Set<OpenAttempt>();
  const close = async (): Promise<void> => {
    await Promise.all([...open].map((attempt) => attempt.close()));
    agents.http.destroy();
    agents.https.destroy();
  };
  return {
    async open(options) {
      const attempt = await openAttempt(config, agents, options);
      open.add(attempt);
      const closeOne = async (): Promise<void> => {
        open.delete(attempt);
        await attempt.close();
      };
      return { ...attempt, close: closeOne, [Symbol.asyncDispose]: closeOne };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function openAttempt(
  config: GatewayConfig,
  agents: Attempt["agents"],
  options: AttemptOptions,
): Promise<OpenAttempt> {
  const token = randomBytes(32).toString("base64url");
  const over = new AbortController();
  const account = accountOf(options);
  const ledger = openLedger(options.budgets);
  const room = { left: ROOM * config.limits.bodyBytes };
  const attempt = { config, agents, ledger, ...account, signal: over.signal, room };
  const busy = new Set<Promise<void>>();
  const listener: RequestListener = (request, response) => {
    const served = answer(attempt, token, { request, response }).catch((error: unknown) => {
      options.onFault?.(error);
      response.destroy();
    });
    busy.add(served);
    void served.finally(() => busy.delete(served));
  };
  const folder = await privateFolder("model");
  const servers: Server[] = [];
  const close = async (): Promise<void> => {
    over.abort();
    await Promise.all(servers.map(closeServer));
    await Promise.all(busy);
    await folder.remove();
  };
  try {
    const socket = await listenOnSocket(folder, { servers, listener, config });
    const url = options.loopback ? await listenOnLoopback(servers, listener, config) : undefined;
    const { cutBy } = account;
    const opened = { socket, folder: folder.path, url, token, spent: () => ledger.spent(), cutBy };
    return { ...opened, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What is told of an attempt's calls. */
function accountOf({ record, onFault }: AttemptOptions) {
  let refusals = 0;
  let freeCalls = 0;
  let cut: Spent | undefined;
  const told = async (fact: CallFact): Promise<void> => {
    try {
      await record(fact);
    } catch (error) {
      onFault?.(error);
      // The end of a call that can't be stored leaves its beginning, which counts for more.
      if (fact.kind === "begun") throw error;
    }
  };
  return {
    record: told,
    refused(fact: Extract<CallFact, { kind: "refused" }>) {
      cut ??= fact.because;
      refusals += 1;
      if (refusals <= MOST_REFUSALS) void told(fact);
    },
    mayAskFree: () => (freeCalls += 1) <= MOST_FREE_CALLS,
    cutBy: () => cut,
  };
}

async function answer(
  attempt: Attempt,
  token: string,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): Promise<void> {
  // What its agent's socket says can't be sent: it is gone.
  request.on("error", () => undefined);
  response.on("error", () => undefined);
  if (!isToken(request, token))
    return own(response, 401, "E_MODEL_TOKEN: not this attempt's token");
  // Whether the gateway is there at all; it costs nothing.
  const path = request.url?.split("?")[0];
  if (path === "/" && (request.method === "GET" || request.method === "HEAD"))
    return own(response, 200);
  return serveCall(attempt, request, response);
}

function own(response: ServerResponse, status: number, message?: string): void {
  const body = message === undefined ? {} : { type: "error", error: { type: "error", message } };
  response.writeHead(status, { "content-type": "application/json", "x-should-retry": "false" });
  response.end(JSON.stringify(body));
}

function isToken({ headers }: IncomingMessage, token: string): boolean {
  const bearer = /^Bearer (\S+)$/i.exec(headers.authorization ?? "")?.[1];
  const given = [bearer, headers["x-api-key"]].filter((one) => typeof one === "string");
  return given.some((one) => timingSafeEqual(digest(one), digest(token)));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

async function listenOnSocket(
  { path }: PrivateFolder,
  { servers, ...how }: { servers: Server[]; listener: RequestListener; config: GatewayConfig },
): Promise<string> {
  const socket = join(path, SOCKET);
  if (Buffer.byteLength(socket) > LONGEST_PATH)
    throw new GatewayFault(
      "E_MODEL_SOCKET",
      `a socket's path must have ${LONGEST_PATH} bytes at most: ${socket}`,
      { action: "Set TMPDIR to a folder with a shorter path." },
    );
  await listen(serverFor(servers, how.listener, how.config), { path: socket });
  // In a sandbox the agent is another user. Outside, nobody else gets into the folder.
  await chmod(socket, 0o666);
  return socket;
}

async function listenOnLoopback(
  servers: Server[],
  listener: RequestListener,
  config: GatewayConfig,
): Promise<string> {
  const server = serverFor(servers, listener, config);
  await listen(server, { host: "127.0.0.1", port: 0 });
  const bound = server.address();
  if (typeof bound !== "object" || bound === null) throw new Error("no address");
  return `http://127.0.0.1:${bound.port}`;
}

function serverFor(servers: Server[], listener: RequestListener, config: GatewayConfig): Server {
  const server = createServer(
    {
      maxHeaderSize: 65_536,
      headersTimeout: 10_000,
      requestTimeout: config.limits.bodyMs,
      // An agent thinks between two calls.
      keepAliveTimeout: 120_000,
    },
    listener,
  );
  server.maxConnections = MOST_CONNECTIONS;
  servers.push(server);
  return server;
}

function listen(server: Server, where: { path: string } | { host: string; port: number }) {
  return new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) return resolve();
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
