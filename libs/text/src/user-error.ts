import { cutTo, printable, printableLines, quoted } from "./printable.ts";

/** How `baton` ends; every command uses these and no others. */
export const EXIT = {
  ok: 0,
  /** The command line itself is wrong: an unknown command, option, or a missing argument. */
  usage: 2,
  /** A value, a file or a document is wrong. */
  invalid: 3,
  notFound: 4,
  /** A guard or a gate says no. */
  refused: 5,
  /** It clashes with what is there already. */
  conflict: 6,
  limit: 7,
  /** Something that is needed isn't there: a server, a coordinator, a lane. */
  unavailable: 8,
  notAuthorised: 9,
  /** A fault of ours. */
  internal: 70,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** One of several things that are wrong with what was given. */
export interface Fault {
  /** A JSON path, or a file's name with line and column. */
  readonly where: string;
  /** What stands there, as it is shown: quoted, escaped and cut. */
  readonly value?: string | undefined;
  readonly rule: string;
  /** What to do about this one, where it is more than keeping to the rule. */
  readonly action?: string | undefined;
}

/** What a person needs to know about a failure. */
export interface FailureDetails {
  /** Stable code, `E_…`. */
  readonly code: string;
  readonly exit: ExitCode;
  /** One sentence: what, and where. */
  readonly message: string;
  /** The offending value as it was given; it is escaped and cut when it's shown. */
  readonly value?: string | undefined;
  /** The rule or the limit that it breaks. */
  readonly rule?: string | undefined;
  /** Everything that is wrong, where that is more than one thing. */
  readonly faults?: readonly Fault[] | undefined;
  /** What to do next. */
  readonly action: string;
  readonly cause?: unknown;
}

/** A failure that a person can do something about: it ends what they asked for, with a message for them and an exit code. */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly details: FailureDetails;

  constructor(details: FailureDetails) {
    super(details.message, { cause: details.cause });
    this.details = details;
  }
}

/** Exit code of a code that came from elsewhere, such as a coordinator's refusal; one that a newer coordinator made up is a refusal. */
export function exitOf(code: string): ExitCode {
  return EXITS[code] ?? EXIT.refused;
}

/** Longest message that is shown: room for a stack trace. */
const MAX_MESSAGE = 4000;

const EXITS: Readonly<Record<string, ExitCode>> = {
  E_USAGE: EXIT.usage,
  E_INVALID: EXIT.invalid,
  E_MALFORMED: EXIT.invalid,
  E_NOT_FOUND: EXIT.notFound,
  E_GUARD: EXIT.refused,
  E_CONFLICT: EXIT.conflict,
  E_LIMIT: EXIT.limit,
  E_LOG_RESET: EXIT.unavailable,
  E_UNAVAILABLE: EXIT.unavailable,
  E_DENIED: EXIT.notAuthorised,
};

/** The failure as text for a terminal: code and sentence, value, rule, what to do. */
export function renderFailure(details: FailureDetails): string {
  const message = cutTo(printableLines(details.message), MAX_MESSAGE);
  const lines = [`${details.code} (${details.exit}): ${message}`];
  if (details.value !== undefined) lines.push(`  value: ${quoted(details.value)}`);
  if (details.rule !== undefined) lines.push(`  rule:  ${details.rule}`);
  for (const fault of details.faults ?? []) lines.push(...faultLines(fault));
  lines.push(`  do:    ${printableLines(details.action)}`);
  return `${lines.join("\n")}\n`;
}

function faultLines({ where, value, rule, action }: Fault): string[] {
  const what = value === undefined ? "" : ` is ${printable(value)}`;
  const line = `  - ${printable(where)}${what}: ${printable(rule)}`;
  return action === undefined ? [line] : [line, `      ${printable(action)}`];
}

/** The same as JSON, for `--json`. */
export function failureJson(details: FailureDetails): string {
  return `${printableLines(JSON.stringify({ error: failureFields(details) }))}\n`;
}

/** What JSON says of a failure, also where it is one of several. */
export function failureFields(details: FailureDetails) {
  const { code, exit, message, value, rule, faults, action } = details;
  return {
    code,
    exit,
    message: cutTo(message, MAX_MESSAGE),
    ...(value !== undefined && { value: quoted(value) }),
    ...(rule !== undefined && { rule }),
    ...(faults !== undefined && { faults }),
    action,
  };
}
