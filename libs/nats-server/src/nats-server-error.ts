/**
 * Which kind of thing is wrong.
 *
 * `E_UNAVAILABLE`: no usable server program; `E_STORE_IN_USE`: another server has the store;
 * `E_PORT_IN_USE`: something else listens there; `E_NATS_SERVER`: the server did not start.
 */
export type NatsServerErrorCode =
  | "E_UNAVAILABLE"
  | "E_STORE_IN_USE"
  | "E_PORT_IN_USE"
  | "E_NATS_SERVER";

/** A nats-server that can't be found or started; `action` says what to do next. */
export class NatsServerError extends Error {
  override readonly name = "NatsServerError";
  readonly code: NatsServerErrorCode;
  readonly action: string;

  constructor(details: {
    code: NatsServerErrorCode;
    message: string;
    action: string;
    cause?: unknown;
  }) {
    super(details.message, { cause: details.cause });
    this.code = details.code;
    this.action = details.action;
  }
}

/** `value` as a JSON string of at most 80 characters: safe to print, whatever it holds. */
export function shown(value: string): string {
  const escaped = JSON.stringify(value);
  return escaped.length <= 80 ? escaped : `${escaped.slice(0, 79)}…`;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // fetch() hides the reason (ENOTFOUND, ECONNREFUSED, …) in the cause.
  const { cause, message } = error;
  return message === "fetch failed" && cause instanceof Error ? cause.message : message;
}
