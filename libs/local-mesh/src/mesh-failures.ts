/** Why a mesh doesn't start, for the person who started it. */
import { isRunning, type MeshDirectory, readState } from "@baton/client";
import { NatsServerError } from "@baton/nats-server";
import { endOfLog, ServiceFailed } from "@baton/supervisor";
import { printableLines } from "@baton/text/printable";
import { UserError, EXIT } from "@baton/text/user-error";

/** What went wrong, in words; errors that are none of a start's are returned as they are. */
export function explainFailure(directory: MeshDirectory, error: unknown): unknown {
  if (error instanceof ServiceFailed) {
    return error.cause instanceof NatsServerError
      ? serverFailure(directory, error.cause)
      : serviceFailure(directory, error);
  }
  if (error instanceof NatsServerError) return serverFailure(directory, error);
  if (error instanceof Error && "action" in error && typeof error.action === "string") {
    const { message, action } = error;
    return new UserError({
      code: "E_UNAVAILABLE",
      exit: EXIT.unavailable,
      message: `the mesh can't be prepared: ${message}`,
      action,
      cause: error,
    });
  }
  return error;
}

/** Ctrl-C in the middle of something; by the time this is shown everything is stopped. */
export function interrupted(during: string): UserError {
  return new UserError({
    code: "E_INTERRUPTED",
    exit: EXIT.interrupted,
    message: `interrupted ${during}; everything is stopped again`,
    action: "Nothing: what was stored is kept.",
  });
}

function serviceFailure(directory: MeshDirectory, failed: ServiceFailed): UserError {
  const logFile = directory.logOf(failed.service);
  const end = printableLines(withoutStack(endOfLog(logFile, 40)));
  // What it was given is wrong: starting again wouldn't help.
  const isInvalid = failed.exitCode === EXIT.invalid;
  return new UserError({
    code: isInvalid ? "E_INVALID" : "E_UNAVAILABLE",
    exit: isInvalid ? EXIT.invalid : EXIT.unavailable,
    message: `${failed.message}${end === "" ? "" : `; its log ends with:\n\n${indented(end)}\n`}`,
    action: `Mend what it says and start again; the whole log is ${logFile}.`,
    cause: failed,
  });
}

/** A nats-server that can't be had or started. */
function serverFailure(directory: MeshDirectory, error: NatsServerError): UserError {
  const { code, message, action } = error;
  const holder = readState(directory.state)?.pid;
  if (code === "E_STORE_IN_USE" && holder !== undefined && isRunning(holder)) {
    return new UserError({
      code: "E_CONFLICT",
      exit: EXIT.conflict,
      message: `a mesh runs on ${directory.root} already, started by process ${holder}`,
      rule: "one mesh per data folder",
      action: `Stop it (Ctrl-C there, or kill ${holder}), or name another folder by --data.`,
      cause: error,
    });
  }
  const conflict = code === "E_STORE_IN_USE" || code === "E_PORT_IN_USE";
  return new UserError({
    code: conflict ? "E_CONFLICT" : "E_UNAVAILABLE",
    exit: conflict ? EXIT.conflict : EXIT.unavailable,
    message,
    action: code === "E_PORT_IN_USE" ? `${action}; \`--port 0\` takes any free port` : action,
    cause: error,
  });
}

/** The lines that say what happened, not where in the code. */
function withoutStack(log: string): string {
  return log
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^\s+at /.test(line))
    .slice(-12)
    .join("\n");
}

function indented(text: string): string {
  return text
    .split("\n")
    .map((line) => `    ${line.slice(0, 400)}`)
    .join("\n");
}
