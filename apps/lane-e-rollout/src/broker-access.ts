import { type Broker, type BrokerPlace, createBroker } from "@baton/brokerage";

/** Accounts at the broker; `signal` stops waiting for it. */
export function brokerAccounts(
  place: BrokerPlace,
  signal: AbortSignal,
): (account: string) => Broker {
  return (account) => createBroker({ ...place, account, signal });
}
