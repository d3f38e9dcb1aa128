import { renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingHttpHeaders, Server } from "node:http";
import { isIPv6 } from "node:net";

import { PROMETHEUS_CONTENT_TYPE } from "@baton/telemetry";
import type { Telemetry } from "@baton/telemetry";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";

import { boundConnections, CLIENT_LIMITS } from "./bound-connections.ts";
import { admitByTurns, type RefusedFor, withinBounds } from "./bound-requests.ts";
import { EXIT, StartFailure } from "./exit-codes.ts";
import { namesUs } from "./http-names.ts";
import { isReader, notReader } from "./reader-token.ts";
import type { Readiness } from "./readiness.ts";

/** Anything that answers requests, such as a Hono app. */
export interface Mountable {
  fetch(request: Request): Response | Promise<Response>;
}

/**
 * Who asks for a token: the shell, for the reader's, or the app itself, for those of its own; then it says here whose headers bring
 * one, as they don't wait for those who bring none.
 */
export type Asks =
  | "reader"
  | "itself"
  | { readonly knows: (headers: IncomingHttpHeaders) => boolean };

/** The HTTP side of a service. */
export interface HttpServer {
  /** `http://host:port`, with the port that was really bound. */
  readonly address: string;
  /** Hands every path but the three of the shell to this app, from now on. */
  mount(app: Mountable, asks?: Asks): void;
  /** While `why` says something, `/metrics` answers 503 with it. */
  withholdMetrics(why: () => string | undefined): void;
  /** Stops listening and waits a second for open requests, then cuts them. */
  close(): Promise<void>;
}

/** Probes, a scraper and a console need a handful. */
const MAX_CONNECTIONS = 512;
const DRAIN_MS = 1000;
/** Rendering them takes milliseconds: whoever asks in this time gets the same text. */
const METRICS_KEPT_MS = 500;

/**
 * Serves `/livez`, `/readyz`, `/metrics` and what is mounted.
 *
 * Throws StartFailure: 8 if the port is taken (names the Baton service that holds it, if it's one),
 * 3 if it can't be had at all.
 */
export async function startHttp(options: {
  service: string;
  host: string;
  port: number;
  /** Names under which it may be asked, beside addresses, `localhost` and `host`. */
  names: readonly string[];
  telemetry: Telemetry;
  readiness: Pick<Readiness, "report" | "openReport">;
  /** The reader's; without it nobody is one. */
  readToken: string | undefined;
}): Promise<HttpServer> {
  const { readToken } = options;
  let asks: Asks = "itself";
  let mounted: Mountable = { fetch: () => Response.json({ error: "not found" }, { status: 404 }) };
  let withheld: () => string | undefined = () => undefined;
  const app = shellRoutes({ ...options, withheld: () => withheld() });
  app.all("*", ({ req }) =>
    asks !== "reader" || isReader(readToken, req.header("authorization"))
      ? mounted.fetch(req.raw)
      : notReader(readToken),
  );
  // The global Request and Response stay Node's own: clients in the same process use them too.
  const answer = getRequestListener((request) => app.fetch(request), {
    overrideGlobalObjects: false,
  });
  const refused = countRefused(options.telemetry);
  const isKnown = (headers: IncomingHttpHeaders): boolean =>
    isReader(readToken, headers.authorization) || (typeof asks === "object" && asks.knows(headers));
  const listener = withinBounds((...both) => void answer(...both), { isKnown, refused });
  const server = createServer(CLIENT_LIMITS, listener);
  admitByTurns(server, refused);
  boundConnections(server, MAX_CONNECTIONS);
  const port = await listen(server, options.host, options.port).catch(async (error: unknown) => {
    throw await listenFailure(error, options);
  });
  return {
    address: httpAddress(options.host, port),
    mount(next, nextAsks = "reader") {
      mounted = next;
      asks = nextAsks;
    },
    withholdMetrics(why) {
      withheld = why;
    },
    close: () => close(server),
  };
}

/** Writes `address` as one line; readers see the whole file or none. */
export function writeAddressFile(path: string, address: string): void {
  const partial = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(partial, `${address}\n`, { mode: 0o644 });
    renameSync(partial, path);
  } catch (cause) {
    rmSync(partial, { force: true });
    throw new StartFailure({
      code: "E_ADDRESS_FILE",
      exitCode: EXIT.invalidInput,
      message: `the address can't be written to BATON_ADDRESS_FILE=${JSON.stringify(path)}: ${messageOf(cause)}`,
      action: "name a file in a directory that exists and is writable, or unset the variable",
      cause,
    });
  }
}

function shellRoutes(options: {
  service: string;
  telemetry: Telemetry;
  readiness: Pick<Readiness, "report" | "openReport">;
  host: string;
  names: readonly string[];
  readToken: string | undefined;
  withheld: () => string | undefined;
}): Hono {
  const { service, telemetry, readiness, withheld } = options;
  const names = [options.host, ...options.names];
  const metrics = keptFor(METRICS_KEPT_MS, () => telemetry.collectPrometheus());
  const app = new Hono();
  app.use(async ({ req, json }, next) => {
    if (namesUs(req.header("host"), names)) return next();
    const message = "this service isn't asked under that name";
    const action = "use its address, or add the name to BATON_HTTP_NAMES";
    return json({ code: "E_HOST", message, action }, 421);
  });
  app.get("/livez", ({ json }) => json({ live: true, service, pid: process.pid }));
  app.get("/readyz", ({ json, req }) => {
    const isTold = isReader(options.readToken, req.header("authorization"));
    const report = isTold ? readiness.report() : readiness.openReport();
    return json({ service, ...report }, report.ready ? 200 : 503);
  });
  app.get("/metrics", async ({ body, text }) => {
    const why = withheld();
    if (why !== undefined) return text(`not yet: ${why}\n`, 503);
    return body(await metrics(), 200, {
      "content-type": PROMETHEUS_CONTENT_TYPE,
    });
  });
  app.onError((error, { json, req }) => {
    telemetry.log.error({ err: error, method: req.method, path: req.path }, "request failed");
    return json({ error: "internal error" }, 500);
  });
  return app;
}

function countRefused({ meter }: Telemetry): (why: RefusedFor) => void {
  const count = meter.createCounter("baton_http_refused", {
    description: "Requests and connections that were closed because there were too many.",
  });
  return (why) => count.add(1, { why });
}

/** What `make` brought, again for `ms` after it came; what it failed with isn't kept. */
function keptFor(ms: number, make: () => Promise<string>): () => Promise<string> {
  let kept: Promise<string> | undefined;
  let untilMs = 0;
  const anew = async (): Promise<string> => {
    try {
      const text = await make();
      untilMs = performance.now() + ms;
      return text;
    } catch (error) {
      untilMs = 0;
      throw error;
    }
  };
  return () => {
    if (kept !== undefined && performance.now() < untilMs) return kept;
    untilMs = Infinity;
    kept = anew();
    return kept;
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      const bound = server.address();
      resolve(typeof bound === "object" && bound !== null ? bound.port : port);
    });
  });
}

async function listenFailure(
  cause: unknown,
  { host, port }: { host: string; port: number },
): Promise<StartFailure> {
  const at = `${host}:${port}`;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code !== "EADDRINUSE") {
    return new StartFailure({
      code: "E_ADDRESS",
      exitCode: EXIT.invalidInput,
      message: `can't listen on ${at}: ${messageOf(cause)}`,
      action:
        code === "EACCES"
          ? "set BATON_HTTP_PORT to a port above 1023, or to 0 for any free one"
          : "set BATON_HTTP_HOST to an address of this machine, such as 127.0.0.1 or 0.0.0.0",
      cause,
    });
  }
  const [holder, free] = await Promise.all([holderOf(host, port), freePort(host)]);
  return new StartFailure({
    code: "E_PORT_IN_USE",
    exitCode: EXIT.unavailable,
    message: `port ${port} on ${host} is in use by ${holder}`,
    action: `stop that process, or set BATON_HTTP_PORT to another port (${free} is free now) or to 0 for any free one`,
    cause,
  });
}

/** Asks the port itself: a Baton service says on `/livez` who it is. */
async function holderOf(host: string, port: number): Promise<string> {
  try {
    const reached = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
    const response = await fetch(`${httpAddress(reached, port)}/livez`, {
      signal: AbortSignal.timeout(500),
    });
    const { service, pid }: { service?: unknown; pid?: unknown } = JSON.parse(
      (await response.text()).slice(0, 1000),
    );
    if (typeof service === "string" && typeof pid === "number") return `${service} (pid ${pid})`;
  } catch {
    // It doesn't speak HTTP or isn't one of ours: there's nothing to name.
  }
  return "another process";
}

async function freePort(host: string): Promise<number> {
  const probe = createServer();
  const port = await listen(probe, host, 0);
  await close(probe);
  return port;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function httpAddress(host: string, port: number): string {
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
