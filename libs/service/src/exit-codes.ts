/** How a Baton process ends; the same numbers as the command line's. */
export const EXIT = {
  ok: 0,
  /** Something that was given is wrong: the environment, a file, an address. */
  invalidInput: 3,
  /** Something that's needed isn't there or is taken: a port, a server. */
  unavailable: 8,
  /** The server doesn't let it in, or not to what it needs. */
  notAuthorised: 9,
  /** A fault of ours: an unexpected error, or a shutdown that didn't finish. */
  internal: 70,
  /** A second signal ended it at once. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * Thrown while starting to end the process with a chosen code and a message for its reader.
 *
 * `code` is stable (`E_…`); `action` says what to do next. Any other error ends it with 70 and a
 * stack trace.
 */
export class StartFailure extends Error {
  override readonly name = "StartFailure";
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly action: string;

  constructor(details: {
    code: string;
    exitCode: ExitCode;
    message: string;
    action: string;
    cause?: unknown;
  }) {
    super(details.message, { cause: details.cause });
    this.code = details.code;
    this.exitCode = details.exitCode;
    this.action = details.action;
  }
}
