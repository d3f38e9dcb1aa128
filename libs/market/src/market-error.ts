import { Failed } from "@baton/contracts";
import { cutTo, printable, quoted } from "@baton/text/printable";

/** What went wrong, for programs: the same words as the exit codes and HTTP answers use. */
export type MarketErrorCode =
  | "E_INVALID"
  | "E_NOT_FOUND"
  | "E_LIMIT"
  | "E_ARTIFACT"
  | "E_UNAVAILABLE"
  | "E_CANCELLED";

/** Whether a retry may help: `transient` yes, `deterministic` (our side) and `spec` (the input) no. */
export type MarketErrorClass = "transient" | "deterministic" | "spec";

/** What {@link MarketError} is made from: where, which value, which rule, what to do next. */
export type MarketErrorDetail = {
  readonly code: MarketErrorCode;
  readonly class: MarketErrorClass;
  readonly where: string;
  readonly value: unknown;
  readonly rule: string;
  readonly action: string;
  readonly cause?: unknown;
  /** What else is wrong with the same input, in its order. */
  readonly others?: readonly MarketError[];
};

/** Room for a place: a path may be long. */
const MAX_WHERE = 300;

/** The one error of market data; `class` says what happens next, the message says it to a person. */
export class MarketError extends Failed<MarketErrorCode> {
  override readonly name = "MarketError";
  declare readonly class: MarketErrorClass;
  readonly where: string;
  /** What stands there: in quotes, escaped and cut. */
  readonly shownValue: string;
  readonly rule: string;
  readonly others: readonly MarketError[];
  readonly #detail: MarketErrorDetail;

  constructor(detail: MarketErrorDetail) {
    super(
      {
        class: detail.class,
        code: detail.code,
        action: detail.action,
        message: `${detail.code} ${cutTo(printable(detail.where), MAX_WHERE)}: ${quoted(detail.value)} breaks the rule "${detail.rule}"; ${detail.action}${alsoWrong(detail.others ?? [])}`,
      },
      { cause: detail.cause },
    );
    this.where = detail.where;
    this.shownValue = quoted(detail.value);
    this.rule = detail.rule;
    this.others = detail.others ?? [];
    this.#detail = detail;
  }

  /** The same, with what else is wrong. */
  with(others: readonly MarketError[]): MarketError {
    return new MarketError({ ...this.#detail, others });
  }
}

const LISTED_PLACES = 5;

/** Places by name; what is wrong there is told where there is room. */
function alsoWrong(others: readonly MarketError[]): string {
  if (others.length === 0) return "";
  const places = others
    .slice(0, LISTED_PLACES)
    .map(({ where }) => cutTo(printable(where), MAX_WHERE));
  const rest = others.length > LISTED_PLACES ? ` and ${others.length - LISTED_PLACES} more` : "";
  return `; also wrong: ${places.join(", ")}${rest}`;
}

/** Everything that is wrong with one input, up to a number; then reading on shows nothing that helps. */
export type Faults = { readonly found: MarketError[] };

/** At most so many faults of one file are named. */
export const MAX_FAULTS = 20;

/** What `read` answers; if it throws a MarketError, that is noted and the answer is undefined. */
export function noting<T>({ found }: Faults, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MarketError)) throw error;
    if (found.length < MAX_FAULTS) found.push(error);
    return undefined;
  }
}

/** Throws the first of the faults with all others, if there is one. */
export function requireNone({ found: [first, ...others] }: Faults): void {
  if (first) throw first.with(others);
}

/** Throws E_CANCELLED, a transient failure, if the caller has given up. */
export function requireNotCancelled(signal: AbortSignal, where: string): void {
  if (!signal.aborted) return;
  throw new MarketError({
    code: "E_CANCELLED",
    class: "transient",
    where,
    value: signal.reason instanceof Error ? signal.reason.message : "cancelled",
    rule: "loads until cancelled",
    action: "load again",
    cause: signal.reason,
  });
}
