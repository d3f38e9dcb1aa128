/** What an error of any origin means for the person who typed the command. */
import { fileFailure } from "@baton/client/file-failure";
import { cutTo, printable } from "@baton/text/printable";
import { UserError, EXIT, exitOf, type FailureDetails } from "@baton/text/user-error";
import { CommanderError } from "commander";

/** Longest message that is shown; parser messages repeat whatever was typed. */
const MAX_MESSAGE = 600;

/** The failure to show. What nobody foresaw is E_INTERNAL with its stack, for a bug report. */
export function explainError(error: unknown): FailureDetails {
  if (error instanceof UserError) return error.details;
  if (error instanceof CommanderError) return usageFailure(error);
  if (!(error instanceof Error)) return internal(String(error), error);
  const known = meshFailure(error) ?? fileFailure(error) ?? actionable(error);
  return known ?? internal(error.stack ?? error.message, error);
}

/** An error of a library of ours that says what to do; what the system said below it decides how the command ends. */
function actionable(error: Error): FailureDetails | undefined {
  if (!("action" in error && typeof error.action === "string")) return undefined;
  const { message, action, cause } = error;
  const below = cause instanceof Error ? fileFailure(cause) : undefined;
  const { code, exit } = below ?? { code: "E_UNAVAILABLE", exit: EXIT.unavailable };
  return { code, exit, message, action, cause: error };
}

function usageFailure(error: CommanderError): FailureDetails {
  if (error.code === "commander.help") {
    return usage("no command was given", "Choose one of the commands above.");
  }
  const [what = "", ...rest] = error.message.replace(/^error: /, "").split("\n");
  const hint = rest.join(" ").replace(/^\(|\)$/g, "");
  return usage(
    cutTo(printable(what), MAX_MESSAGE),
    hint === "" ? "`--help` shows what the command takes." : printable(hint),
  );
}

function usage(message: string, action: string): FailureDetails {
  return { code: "E_USAGE", exit: EXIT.usage, message, action };
}

function internal(what: string, cause: unknown): FailureDetails {
  return {
    code: "E_INTERNAL",
    exit: EXIT.internal,
    message: cutTo(what, 2000),
    action: "This is a fault of Baton: report it with the command you typed.",
    cause,
  };
}

/** By name and code instead of by class, so that showing help doesn't load the classes. */
function meshFailure(error: Error): FailureDetails | undefined {
  const { name, message } = error;
  const code = "code" in error ? error.code : undefined;
  const of = (exit: { code: string; message: string; action: string }): FailureDetails => ({
    ...exit,
    exit: exitOf(exit.code),
    cause: error,
  });
  if (name === "Unavailable") return of(unreachable(message));
  if (name === "StreamNotFoundError" || code === 10_059)
    return of({
      code: "E_UNAVAILABLE",
      message: "the server has none of Baton's streams: no coordinator has ever run on it",
      action: "`baton up` starts a local mesh; otherwise check --server.",
    });
  if (isDenial(error) || isDenial(error.cause))
    return of({
      code: "E_DENIED",
      message: `the server refused: ${message}`,
      action:
        "Set BATON_NATS_SEED_FILE to the file with the nkey seed for the command line (kind `cli`).",
    });
  if (name === "NoRespondersError" || name === "JetStreamNotEnabled" || code === 503)
    return of({
      code: "E_UNAVAILABLE",
      message: "the server answers, but JetStream doesn't: it is off, or has no leader right now",
      action: "Start nats-server with JetStream (`baton up` does), or try again in a moment.",
    });
  if (["TimeoutError", "ClosedConnectionError", "RequestError", "ConnectionError"].includes(name))
    return of({
      code: "E_UNAVAILABLE",
      message: `the server didn't answer in time: ${message}`,
      action: "Try again; `baton doctor` tells more if it stays so.",
    });
  if (name === "Refused")
    return of({
      code: "E_UNAVAILABLE",
      message: `the server took nothing: ${message} (JetStream error ${String(code)})`,
      action: "`baton doctor` says more; a full disk is the usual cause.",
    });
  const other = ofOtherRelease(error);
  if (other) return of({ ...other, message });
  const { cause } = error;
  // An earlier entry is lost or another one, whoever did that.
  if (cause instanceof Error && cause.name === "BasisBroken")
    return of({
      code: "E_CONFLICT",
      message,
      action: "action" in cause ? String(cause.action) : "`baton doctor --deep` says more.",
    });
  if (name === "JournalCorrupt" || name === "ControlsCorrupt")
    return of({
      code: "E_CONFLICT",
      message: `${message}: someone other than a coordinator wrote it`,
      action: "`baton doctor` lists such messages and what to do.",
    });
  return undefined;
}

/** An entry that another release wrote, and which release reads it. */
function ofOtherRelease(error: Error): { code: string; action: string } | undefined {
  if ("olderRelease" in error && error.olderRelease === true)
    return {
      code: "E_ENTRY_OLDER",
      action:
        "No newer release reads it: look with the release that wrote it, or begin with a fresh data folder.",
    };
  if ("otherRelease" in error && error.otherRelease === true)
    return {
      code: "E_ENTRY_NEWER",
      action:
        "Look with the newest release of Baton that runs here: update this `baton` first. `baton doctor` says which services wait for an update too.",
    };
  return undefined;
}

const DENIALS: ReadonlySet<string> = new Set([
  "Denied",
  "AuthorizationError",
  "PermissionViolationError",
]);

function isDenial(error: unknown): boolean {
  return error instanceof Error && DENIALS.has(error.name);
}

function unreachable(message: string): { code: string; message: string; action: string } {
  return {
    code: "E_UNAVAILABLE",
    message,
    action: "`baton up` starts a local mesh; otherwise check --server or BATON_NATS_URL.",
  };
}
