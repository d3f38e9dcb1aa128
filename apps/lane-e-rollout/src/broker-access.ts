import { type Broker, BrokerError, type BrokerPlace, createBroker } from "@baton/brokerage";
import { StageFailure } from "@baton/lanekit";

/** What `ask` gives; a broker that can't be asked is a transient StageFailure. */
export async function asked<T>(ask: Promise<T>): Promise<T> {
  try {
    return await ask;
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    throw new StageFailure(
      {
        class: error.code === "E_BROKER_REFUSED" ? "deterministic" : "transient",
        code: error.code,
        message: error.message,
        action: "Check that the broker runs and is ready (`baton doctor`).",
      },
      { cause: error },
    );
  }
}

/** Accounts at the broker; `signal` stops waiting for it. */
export function brokerAccounts(
  place: BrokerPlace,
  signal: AbortSignal,
): (account: string) => Broker {
  return (account) => createBroker({ ...place, account, signal });
}
