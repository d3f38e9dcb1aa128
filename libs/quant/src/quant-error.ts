/** What kind of rule a refused input broke: a malformed value, or a size past its limit. */
export type QuantErrorCode = "E_INVALID" | "E_LIMIT";

/** What {@link QuantError} is made from: where, which value, which rule, what to do next. */
export type QuantErrorDetail = {
  readonly code: QuantErrorCode;
  readonly where: string;
  readonly value: unknown;
  readonly rule: string;
  readonly action: string;
};

/**
 * The one error of this package: an input that no retry will mend, so its failure class is `spec`.
 * `code`, `where`, `rule` and `action` (what to do) are fields for programs; the message says the same to a person.
 */
export class QuantError extends Error {
  override readonly name = "QuantError";
  readonly code: QuantErrorCode;
  readonly class = "spec";
  readonly where: string;
  readonly rule: string;
  readonly action: string;

  constructor(detail: QuantErrorDetail) {
    super(
      `${detail.code} ${detail.where}: ${shown(detail.value)} breaks the rule "${detail.rule}"; ${detail.action}`,
    );
    this.code = detail.code;
    this.where = detail.where;
    this.rule = detail.rule;
    this.action = detail.action;
  }
}

const SHOWN_CHARACTERS = 80;

/** A value as an error shows it: escaped (JSON) and cut, whatever it is. */
function shown(value: unknown): string {
  const text = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? typeof value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

/** Throws E_INVALID unless `valid`. */
export function requireThat(valid: boolean, detail: Omit<QuantErrorDetail, "code">): asserts valid {
  if (!valid) throw new QuantError({ code: "E_INVALID", ...detail });
}
