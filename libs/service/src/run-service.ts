/**
 * The shell around every Baton process: configuration, telemetry, HTTP, signals, the end.
 *
 * The service itself is `start`. It may return when everything runs, or stay until the signal is
 * aborted and its work has drained; while stopping, it's waited for before anything is closed.
 */
import { writeSync } from "node:fs";
import { inspect } from "node:util";

import { startTelemetry } from "@baton/telemetry";
import type { Log, Meter, Telemetry, Tracer } from "@baton/telemetry";
import type { z } from "zod";

import { boundHeap, settleHeap } from "./bound-heap.ts";
import { EXIT, type ExitCode, StartFailure } from "./exit-codes.ts";
import { startHttp, writeAddressFile } from "./http-server.ts";
import type { Asks, HttpServer, Mountable } from "./http-server.ts";
import { describeFaults, readConfig, unknownVariables } from "./read-config.ts";
import { createReadiness, ownHealth } from "./readiness.ts";
import type { Check, OwnHealth, Readiness } from "./readiness.ts";
import type { ServiceConfig } from "./service-config.ts";
import { createShutdown } from "./shutdown.ts";
import type { Shutdown, ShutdownObserver, ShutdownStep } from "./shutdown.ts";
import { watchParent } from "./watch-parent.ts";

/** What a service works with. */
export interface ServiceContext<C extends ServiceConfig = ServiceConfig> {
  readonly name: string;
  readonly config: C;
  readonly telemetry: Telemetry;
  readonly log: Log;
  readonly tracer: Tracer;
  readonly meter: Meter;
  /** Where the HTTP server listens, such as `http://127.0.0.1:41233`. */
  readonly address: string;
  /** Aborted when the process shall stop. */
  readonly signal: AbortSignal;
  /** Adds a check to `/readyz`. */
  readonly registerCheck: (name: string, check: Check) => void;
  /** Who this process is, and what its checks say now. */
  readonly health: () => OwnHealth;
  /** Adds something to close; the last registered is closed first, after `start` has settled. */
  readonly onShutdown: (name: string, step: ShutdownStep) => void;
  /**
   * Says that starting is over, for a `start` that stays; returning says it too. Until then
   * `/readyz` answers 503.
   */
  readonly markStarted: () => void;
  /**
   * Hands all HTTP paths but `/livez`, `/readyz`, `/metrics` to an app; only for whoever brings the reader's token, unless the app
   * asks for tokens itself.
   */
  readonly mount: (app: Mountable, asks?: Asks) => void;
  /** While `why` says something, `/metrics` answers 503 with it: for series that would be wrong. */
  readonly withholdMetrics: (why: () => string | undefined) => void;
  /** Stops the service in good order because it can't go on; the exit code is the StartFailure's or 70. */
  readonly fail: (error: unknown) => void;
}

/** ServiceConfig or an extension of it. */
export type ServiceSchema = z.ZodObject & z.ZodType<ServiceConfig>;

/** A service: its name, its variables and its work. */
export interface ServiceDefinition<S extends ServiceSchema> {
  readonly name: string;
  readonly version?: string;
  /** Made by extending ServiceConfig. */
  readonly config: S;
  start(context: ServiceContext<z.output<S>>): unknown;
}

/**
 * Runs a service until it's told to stop, and ends the process.
 *
 * Exit codes: 0 stopped in time; 3 wrong environment; 8 port in use; 9 not let in by the server; 70 an unexpected error or a
 * shutdown step that failed or hung; 130 a second signal.
 */
export async function runService<S extends ServiceSchema>(
  definition: ServiceDefinition<S>,
): Promise<void> {
  boundHeap();
  const { name, version } = definition;
  const read = readConfig(definition.config, process.env);
  if (!read.ok) {
    complain(describeFaults(name, read.faults));
    process.exit(EXIT.invalidInput);
  }
  const { config, secrets } = read;
  const telemetry = await startTelemetry({ service: name, version, env: config, secrets });
  const { log } = telemetry;
  for (const { variable, meant } of unknownVariables(definition.config, process.env)) {
    const action = meant === undefined ? "unset it here" : `did you mean ${meant}?`;
    log.warn({ variable, action }, "an environment variable isn't known here and does nothing");
  }
  const shutdown = createShutdown(config.BATON_SHUTDOWN_GRACE_MS, observeShutdown(name, log));
  shutdown.onShutdown("telemetry", () => telemetry[Symbol.asyncDispose]());
  stopOnSignals(shutdown);
  endOnBugs(name, log);
  const fail = (error: unknown): void => {
    const known = knownFailure(error);
    log.fatal({ err: error, action: known?.action }, "service failed");
    complain(describeFailure(name, error));
    shutdown.stop("failed", known?.exitCode ?? EXIT.internal);
  };
  const work = start({ definition, config, telemetry, shutdown, fail }).catch((error: unknown) => {
    // Waiting for something with the signal rejects when it's aborted: that's obedience, no fault.
    if (!(shutdown.signal.aborted && isAbort(error))) fail(error);
  });
  shutdown.awaitFirst("start", work);
}

async function start<S extends ServiceSchema>({
  definition,
  config,
  telemetry,
  shutdown,
  fail,
}: {
  definition: ServiceDefinition<S>;
  config: z.output<S>;
  telemetry: Telemetry;
  shutdown: Shutdown;
  fail: (error: unknown) => void;
}): Promise<void> {
  const { name } = definition;
  const { signal } = shutdown;
  const readiness = createReadiness();
  let started = false;
  readiness.register("service", () => {
    if (signal.aborted) return { ok: false, reason: "stopping" };
    return started ? { ok: true } : { ok: false, reason: "starting" };
  });
  if (config.BATON_EXIT_WITH_PARENT) watchParent((how) => shutdown.stop(how));
  const http = await openHttp({ name, config, telemetry, readiness });
  shutdown.onShutdown("http server", () => http.close());
  if (signal.aborted) return;
  await definition.start({
    name,
    config,
    telemetry,
    log: telemetry.log,
    tracer: telemetry.tracer,
    meter: telemetry.meter,
    address: http.address,
    signal,
    health: ownHealth(name, () => readiness.report()),
    registerCheck: (check, answer) => readiness.register(check, answer),
    onShutdown: (step, close) => shutdown.onShutdown(step, close),
    markStarted: () => {
      started = true;
    },
    mount: (app, asks) => http.mount(app, asks),
    withholdMetrics: (why) => http.withholdMetrics(why),
    fail,
  });
  settleHeap();
  started = true;
}

async function openHttp({
  name,
  config,
  telemetry,
  readiness,
}: {
  name: string;
  config: ServiceConfig;
  telemetry: Telemetry;
  readiness: Readiness;
}): Promise<HttpServer> {
  const http = await startHttp({
    service: name,
    host: config.BATON_HTTP_HOST,
    port: config.BATON_HTTP_PORT,
    names: config.BATON_HTTP_NAMES,
    telemetry,
    readiness,
    readToken: config.BATON_READ_TOKEN,
  });
  if (config.BATON_ADDRESS_FILE !== undefined) {
    writeAddressFile(config.BATON_ADDRESS_FILE, http.address);
  }
  telemetry.log.info({ address: http.address }, "listening");
  return http;
}

function observeShutdown(name: string, log: Log): ShutdownObserver {
  return {
    stopping: (reason, graceMs) => log.info({ reason, graceMs }, "stopping"),
    stepFailed: (step, error) => log.error({ err: error, step }, "a shutdown step failed"),
    overrun(step, graceMs) {
      log.fatal({ step, graceMs }, "shutdown took longer than the grace");
      complain(
        `${name} did not stop in time (E_SHUTDOWN): the step ${JSON.stringify(step)} was not done after ${graceMs} ms\n` +
          `  do:   find out what it waits for, or raise BATON_SHUTDOWN_GRACE_MS\n`,
      );
      process.exit(EXIT.internal);
    },
    ended(code) {
      log.info({ code }, "stopped");
      process.exit(code);
    },
  };
}

function stopOnSignals(shutdown: Shutdown): void {
  let signalled = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (signalled) process.exit(EXIT.interrupted);
      signalled = true;
      shutdown.stop(signal);
    });
  }
}

/** After an error that nobody caught, the state is unknown: no step is run. */
function endOnBugs(name: string, log: Log): void {
  const end = (error: unknown, origin: string): void => {
    log.fatal({ err: error, origin }, "unexpected error");
    complain(describeFailure(name, error));
    process.exit(EXIT.internal);
  };
  process.on("uncaughtException", end);
  process.on("unhandledRejection", (reason) => end(reason, "unhandledRejection"));
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

/** What a library said in words for its reader counts as much as what a service says itself. */
function knownFailure(
  error: unknown,
): Pick<StartFailure, "code" | "message" | "action" | "exitCode"> | undefined {
  if (error instanceof StartFailure) return error;
  if (!(error instanceof Error && "code" in error && "action" in error)) return undefined;
  const { code, action, message } = error;
  if (typeof code !== "string" || typeof action !== "string") return undefined;
  return { code, message, action, exitCode: EXITS[code] ?? EXIT.internal };
}

const EXITS: Readonly<Record<string, ExitCode>> = {
  E_DENIED: EXIT.notAuthorised,
  E_UNAVAILABLE: EXIT.unavailable,
  E_SERVER_VERSION: EXIT.unavailable,
};

function describeFailure(name: string, error: unknown): string {
  const known = knownFailure(error);
  if (known) return `${name} failed (${known.code}): ${known.message}\n  do:   ${known.action}\n`;
  const text = error instanceof Error ? (error.stack ?? error.message) : inspect(error);
  return `${name} failed (E_INTERNAL): ${text}\n  do:   see the log; restart it, and report this if it comes back\n`;
}

/** Synchronous, because the process ends right after. */
function complain(text: string): void {
  try {
    writeSync(2, text);
  } catch {
    // Nobody reads standard error; the exit code still tells.
  }
}
