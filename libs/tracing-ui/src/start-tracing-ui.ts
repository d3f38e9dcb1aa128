/** Runs a tracing UI on this machine, for as long as this process lives. */
import { closeSync, openSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { makeFolder } from "@baton/files";
import { spawnServer, watchExit } from "@baton/nats-server";
import { EXIT, UserError } from "@baton/text/user-error";

import { findProgram, type Ports } from "./find-program.ts";

/** A tracing UI that runs. */
export interface TracingUi {
  readonly name: string;
  /** Where OTLP over HTTP is taken: what OTEL_EXPORTER_OTLP_ENDPOINT has to say. */
  readonly endpoint: string;
  /** Address of its page. */
  readonly page: string;
  /** Address of one trace's page, with `{traceId}`. */
  readonly link: string;
  stop(this: void): Promise<void>;
}

/** What starting it takes. */
export interface TracingUiOptions {
  /** Of its database and its log; made if it isn't there. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Told what is being done, one line at a time. */
  readonly log: (line: string) => void;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const READY_MS = 30_000;
const LOOK_MS = 100;
const STOP_MS = 3000;
/** What OpenTelemetry and Jaeger use by custom; others where these are taken. */
const USUAL = { otlp: 4318, grpc: 4317, page: 16_686 } as const;

/** Starts it and answers when it is ready; throws `UserError` if there is none, or if it doesn't come. */
export async function startTracingUi(options: TracingUiOptions): Promise<TracingUi> {
  const { folder, signal, env = process.env } = options;
  const program = await findProgram({ env, signal, log: options.log });
  makeFolder(folder);
  const ports = await freePorts();
  const log = join(folder, "tracing-ui.log");
  const output = openSync(log, "w", 0o600);
  const child = spawnServer({
    file: program.file,
    args: program.args(ports, join(folder, "traces.db")),
    output,
    tied: true,
  });
  closeSync(output);
  const ended = watchExit(child).then(
    () => true,
    () => true,
  );
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    const isOver = await Promise.race([ended, delay(STOP_MS, false, { ref: false })]);
    if (!isOver) child.kill("SIGKILL");
  };
  const ready = await Promise.race([
    ended.then(() => false),
    answers(program.health(ports), signal),
  ]);
  if (!ready) {
    await stop();
    signal.throwIfAborted();
    throw new UserError({
      code: "E_UNAVAILABLE",
      exit: EXIT.unavailable,
      message: `the tracing UI (${program.file}) didn't come up within ${READY_MS / 1000} s`,
      action: `Read ${log}; or leave --traces out.`,
    });
  }
  const page = program.page(ports);
  return {
    name: program.name,
    endpoint: `http://127.0.0.1:${ports.otlp}`,
    page,
    link: `${page}${program.trace}`,
    stop,
  };
}

/** Variables by which services send to it, whatever else their environment says. */
export function otlpEnvironment({ endpoint }: TracingUi): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${endpoint}/v1/traces`,
  };
}

/** The address of one trace's page. */
export function traceLink(link: string, traceId: string): string {
  return link.replaceAll("{traceId}", encodeURIComponent(traceId));
}

async function answers(url: string, signal: AbortSignal): Promise<boolean> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(READY_MS)]);
  while (!within.aborted) {
    const response = await fetch(url, { signal: within }).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.ok === true) return true;
    await delay(LOOK_MS, undefined, { signal: within }).catch(() => undefined);
  }
  return false;
}

async function freePorts(): Promise<Ports> {
  const [otlp, grpc, page] = await Promise.all([
    freePort(USUAL.otlp),
    freePort(USUAL.grpc),
    freePort(USUAL.page),
  ]);
  return { otlp, grpc, page };
}

/** The usual one, or any that is free at this moment. */
async function freePort(usual: number): Promise<number> {
  return (await listenOnce(usual)) ?? (await listenOnce(0)) ?? usual;
}

function listenOnce(port: number): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const server = createServer();
  server.once("error", () => resolve(undefined));
  server.listen(port, "127.0.0.1", () => {
    const address = server.address();
    const taken = typeof address === "object" ? address?.port : undefined;
    server.close(() => resolve(taken));
  });
  return promise;
}
