/** HTTP statuses with which a broker says no, and means it; anything else leaves it open what it did. */
export const EXPLICIT_REFUSALS: ReadonlySet<number> = new Set([400, 401, 403, 404, 422]);

/** Thrown by everything but sending an order when the broker can't be asked or refuses to answer. */
export class BrokerError extends Error {
  override readonly name = "BrokerError";
  /** `E_BROKER_UNAVAILABLE` may pass by itself; `E_BROKER_REFUSED` doesn't. */
  readonly code: "E_BROKER_UNAVAILABLE" | "E_BROKER_REFUSED";
  /** HTTP status; undefined if there was no answer. */
  readonly status: number | undefined;

  constructor(
    message: string,
    status: number | undefined,
    options: ErrorOptions & { readonly refused?: boolean } = {},
  ) {
    super(message, options);
    this.status = status;
    this.code = options.refused ? "E_BROKER_REFUSED" : "E_BROKER_UNAVAILABLE";
  }
}
