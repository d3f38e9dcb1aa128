import { Failed } from "@baton/contracts";

/** HTTP statuses with which a broker says no, and means it; anything else leaves it open what it did. */
export const EXPLICIT_REFUSALS: ReadonlySet<number> = new Set([400, 401, 403, 404, 422]);

/**
 * Thrown by everything but sending an order when the broker can't be asked or refuses to answer. That it can't be asked may pass by
 * itself; a refusal doesn't.
 */
export class BrokerError extends Failed<"E_BROKER_UNAVAILABLE" | "E_BROKER_REFUSED"> {
  override readonly name = "BrokerError";
  /** HTTP status; undefined if there was no answer. */
  readonly status: number | undefined;

  constructor(
    message: string,
    status: number | undefined,
    { refused = false, ...options }: ErrorOptions & { readonly refused?: boolean } = {},
  ) {
    super(
      {
        class: refused ? "deterministic" : "transient",
        code: refused ? "E_BROKER_REFUSED" : "E_BROKER_UNAVAILABLE",
        message,
        action: "Check that the broker runs and is ready (`baton doctor`).",
      },
      options,
    );
    this.status = status;
  }
}
