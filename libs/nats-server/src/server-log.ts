import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";

import { NatsServerError, shown } from "./nats-server-error.ts";
import type { ProcessExit } from "./spawn-tied.ts";
import { readInfo } from "./wait-until-ready.ts";

/** The part of a log file that one start wrote. */
export interface LogPart {
  readonly logFile: string;
  readonly logOffset: number;
}

const MAX_TAIL_BYTES = 4000;
const MAX_TAIL_LINES = 10;

/** In bytes; 0 if there's no such file yet. */
export function sizeOfLog(logFile: string): number {
  return statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
}

/** The last lines that this start wrote: those of an earlier one would mislead. */
export function endOfLog({ logFile, logOffset }: LogPart): string {
  try {
    const file = openSync(logFile, "r");
    try {
      const { size } = fstatSync(file);
      // A smaller file than before was started anew in between.
      const from = Math.max(size < logOffset ? 0 : logOffset, size - MAX_TAIL_BYTES);
      const bytes = Buffer.alloc(size - from);
      readSync(file, bytes, 0, bytes.length, from);
      return bytes.toString("utf8").trimEnd().split("\n").slice(-MAX_TAIL_LINES).join("\n");
    } finally {
      closeSync(file);
    }
  } catch {
    return "(it can't be read)";
  }
}

/** Why a server that ended while starting did so, as far as its log tells. */
export async function explainExit(
  launch: LogPart & { port: number; host?: string },
  exit: ProcessExit,
): Promise<NatsServerError> {
  const { logFile, host = "127.0.0.1" } = launch;
  const log = endOfLog(launch);
  const [, taken] = /listen tcp \S*?:(\d+): bind: address already in use/.exec(log) ?? [];
  if (taken === undefined) {
    return new NatsServerError({
      code: "E_NATS_SERVER",
      message: `nats-server ended with ${exit.code ?? exit.signal} while starting; its log ${logFile} ends with:\n${log}`,
      action: "correct what its log names",
    });
  }
  const holder = await readInfo(`nats://${host}:${taken}`, AbortSignal.timeout(1000));
  const who =
    holder === undefined
      ? "another process"
      : `nats-server ${holder.version} named ${shown(holder.server_name)}`;
  return new NatsServerError({
    code: "E_PORT_IN_USE",
    message: `port ${taken} on ${host} is in use by ${who}`,
    action: "stop it, or choose another port (0: any free one)",
  });
}
