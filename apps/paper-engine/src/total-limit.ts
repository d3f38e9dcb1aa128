/**
 * The limit of all accounts together, in front of the broker's own.
 *
 * T1: orders that increase a position leave one after the other, each held against what all accounts hold and have open at that
 *     moment: two that fit one by one don't pass together.
 * T2: whoever would pass it is told which limit, and the others go on.
 */
import {
  type Broker,
  type LimitBook,
  type PositionChange,
  totalBroken,
  toUnits,
} from "@baton/brokerage";

/** Does `act` if the change stays within the limit; else why not. Throws a BrokerError if the broker can't be asked. */
export type TotalLimit = <T>(
  broker: Pick<Broker, "valueBeside">,
  change: PositionChange,
  act: () => Promise<T>,
) => Promise<{ readonly done: T } | { readonly broken: string }>;

/** One for all strategies of the engine. */
export function createTotalLimit({ total }: Pick<LimitBook, "total">): TotalLimit {
  let before: Promise<unknown> = Promise.resolve();
  return (broker, change, act) => {
    const turn = before.then(async () => {
      const others = toUnits(await broker.valueBeside(change.symbol));
      const broken = totalBroken(total(), change, others);
      return broken === undefined ? { done: await act() } : { broken };
    });
    before = turn.catch(() => {});
    return turn;
  };
}
