/** What whoever orders asks of a broker, whichever it is. */
import type { SignedDecimal } from "./decimal.ts";
import type {
  Account,
  AccountState,
  KillSwitch,
  KillSwitchScope,
  NewOrderInput,
  Order,
  Position,
} from "./order.ts";

/** How sending an order ended (B1). */
export type SubmitOutcome =
  | { readonly kind: "submitted"; readonly order: Order }
  /** The broker has an order of this client order id already; with which terms must be asked. */
  | { readonly kind: "duplicate"; readonly message: string }
  | {
      readonly kind: "rejected";
      readonly status: number;
      readonly code: string;
      readonly message: string;
    }
  | { readonly kind: "ambiguous"; readonly message: string };

/** How cancelling ended: `not-open` if it was filled or cancelled before. */
export type CancelOutcome = "cancelled" | "not-open" | "not-found";

/** Reads and changes kill switches; each change says who and why. */
export interface KillSwitchControl {
  get(): Promise<KillSwitch>;
  /** Stops new orders, and unless `cancelOpen` is false cancels open ones that would increase risk. The first to engage stays on record. */
  engage(change: {
    scope: KillSwitchScope;
    by: string;
    reason: string;
    cancelOpen?: boolean;
  }): Promise<KillSwitch>;
  release(change: { scope: KillSwitchScope; by: string; reason: string }): Promise<KillSwitch>;
}

/** One account at a broker. Everything but `submit` throws a BrokerError when the broker can't be asked. */
export interface Broker {
  readonly account: Account;
  /** Sends the order once. Use `submitOnce`, which knows what to do after an ambiguous outcome. */
  submit(order: NewOrderInput): Promise<SubmitOutcome>;
  /** The order of that client order id, or undefined if the broker has none. */
  byClientOrderId(clientOrderId: string): Promise<Order | undefined>;
  cancel(orderId: string): Promise<CancelOutcome>;
  /** Cancels every open order of the account; the ids of those that were. */
  cancelAll(): Promise<readonly string[]>;
  /** Orders from the oldest on, over all pages: by default of any status, at most 10,000. */
  listOrders(query?: {
    status?: "open" | "closed" | "all";
    limit?: number;
  }): Promise<readonly Order[]>;
  positions(): Promise<readonly Position[]>;
  accountState(): Promise<AccountState>;
  /** The broker's accounts, of whomever, that hold something or have open orders. */
  heldAccounts(): Promise<readonly Account[]>;
  /** Value of all that any account of the broker holds, at its entry, or has open, other than this account's of `symbol`. */
  valueBeside(symbol: string): Promise<SignedDecimal>;
  /** What may be held of an instrument here. */
  instrument(symbol: string): Promise<InstrumentRules>;
  readonly killSwitch: KillSwitchControl;
}

/** What a broker lets one hold of an instrument, and how it gets there. */
export interface InstrumentRules {
  readonly tradable: boolean;
  /** Parts of a unit may be bought. */
  readonly fractional: boolean;
  readonly shortable: boolean;
  /** Parts of a unit may be sold short. */
  readonly fractionalShort: boolean;
  /** One order may turn a long position into a short one, and back. */
  readonly turns: boolean;
}
