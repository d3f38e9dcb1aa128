import { destination, pino, stdSerializers, stdTimeFunctions } from "pino";
import type { Level, Logger, LoggerOptions } from "pino";

import { boundLine } from "./bound-line.ts";
import { createScrubber } from "./scrub-secrets.ts";

/** Everything a service may be told to log; `silent` is for tests. */
export const LOG_LEVELS = [
  "trace",
  "debug",
  "info",
  "warn",
  "error",
  "fatal",
  "silent",
] as const satisfies readonly (Level | "silent")[];
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A logger: fields first, sentence second (`log.info({ candidateId }, "stage run done")`). */
export type Log = Logger;

/**
 * A logger of JSON lines on standard output: ISO time, level by name, service, pid.
 *
 * Lines are written synchronously: what was logged before a kill -9 is there, and no flush is
 * needed at exit. A reader that has gone away (EPIPE) is ignored, so that it can't stop a service.
 * Secrets are blanked in the finished line, whatever object they came in; see scrub-secrets.ts. Then it
 * is bounded: what others wrote may be of any length and hold anything; see bound-line.ts.
 */
export function createLog({
  service,
  version,
  level,
  secrets,
}: {
  service: string;
  version: string | undefined;
  level: LogLevel;
  secrets: readonly string[];
}): Log {
  const scrub = createScrubber(secrets);
  const options: LoggerOptions = {
    level,
    base: { service, ...(version !== undefined && { version }), pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    // pino itself knows only `err`; under any other name an Error would be logged as {}.
    serializers: { err: stdSerializers.err, error: stdSerializers.err },
    formatters: { level: (label) => ({ level: label }) },
    hooks: { streamWrite: (line) => boundLine(scrub(line)) },
  };
  return pino(options, destination({ dest: 1, sync: true }));
}
