/**
 * The broker's wire format, in Alpaca's shape: decimals are text, names are snake_case.
 * `reference_price` and the kill switch are this product's additions.
 */
import { InstrumentName } from "@baton/artifacts";
import { cut } from "@baton/contracts";
import { printableLines } from "@baton/text/printable";
import { z } from "zod";

import { Decimal, SignedDecimal } from "./decimal.ts";

/** Whose orders: each account has its own orders, positions, uniqueness of ids and kill switch. */
export const Account = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,79}$/, "account: 1 to 80 characters of a-z, 0-9 and '-'");
export type Account = z.infer<typeof Account>;

/** The caller's id of an order, unique per account for ever. */
export const ClientOrderId = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, "client_order_id: 1 to 128 printable ASCII characters, no space");
export type ClientOrderId = z.infer<typeof ClientOrderId>;

/** An instrument's ticker. */
export const Ticker = InstrumentName;

export const Side = z.enum(["buy", "sell"]);
export type Side = z.infer<typeof Side>;

export const OrderType = z.enum(["market", "limit", "stop", "stop_limit"]);
export const TimeInForce = z.enum(["day", "gtc", "opg", "cls", "ioc", "fok"]);

/** What a strategy wants done; a limit or stop price is there exactly when the type has one. */
export const NewOrder = z
  .strictObject({
    client_order_id: ClientOrderId,
    symbol: Ticker,
    qty: Decimal.refine((qty) => /[1-9]/.test(qty), "qty: must be more than 0"),
    side: Side,
    type: OrderType,
    time_in_force: TimeInForce,
    limit_price: Decimal.nullish().transform((price) => price ?? null),
    stop_price: Decimal.nullish().transform((price) => price ?? null),
    /** Price the paper broker fills at: the bar that the strategy traded on. Without one an order stays open. */
    reference_price: Decimal.nullish().transform((price) => price ?? null),
  })
  .refine(
    (order) => (order.limit_price !== null) === ["limit", "stop_limit"].includes(order.type),
    { path: ["limit_price"], message: "limit_price: exactly for the types limit and stop_limit" },
  )
  .refine((order) => (order.stop_price !== null) === ["stop", "stop_limit"].includes(order.type), {
    path: ["stop_price"],
    message: "stop_price: exactly for the types stop and stop_limit",
  });
export type NewOrder = z.infer<typeof NewOrder>;
/** What may be sent: prices that the type doesn't have may be left out. */
export type NewOrderInput = z.input<typeof NewOrder>;

export const OrderStatus = z.enum(["new", "filled", "canceled"]);
export type OrderStatus = z.infer<typeof OrderStatus>;

/** An order as the broker keeps it. Tolerant: a real broker sends many more keys. */
export const Order = z.object({
  id: z.string().min(1).max(80),
  client_order_id: ClientOrderId,
  created_at: z.string(),
  filled_at: z.string().nullable(),
  canceled_at: z.string().nullable(),
  symbol: z.string(),
  qty: Decimal,
  filled_qty: Decimal,
  filled_avg_price: Decimal.nullable(),
  side: Side,
  /** Of an order that we sent one of OrderType and TimeInForce; people send others. */
  type: z.string(),
  time_in_force: z.string(),
  limit_price: Decimal.nullable(),
  stop_price: Decimal.nullable(),
  /** One of OrderStatus at the paper broker; a real one knows more. */
  status: z.string(),
});
export type Order = z.infer<typeof Order>;

/** What is held of one instrument; `qty` is negative when short. */
export const Position = z.object({
  symbol: z.string(),
  qty: SignedDecimal,
  side: z.enum(["long", "short"]),
  avg_entry_price: Decimal,
});
export type Position = z.infer<typeof Position>;

/** The account's state. */
export const AccountState = z.object({
  id: z.string(),
  account_number: z.string(),
  status: z.string(),
  currency: z.string(),
  cash: SignedDecimal,
  /** True while a kill switch stops its orders. */
  trading_blocked: z.boolean(),
});
export type AccountState = z.infer<typeof AccountState>;

/** One kill switch: who engaged it, why, since when. */
export const Switch = z.discriminatedUnion("engaged", [
  z.object({ engaged: z.literal(false) }),
  z.object({
    engaged: z.literal(true),
    reason: z.string(),
    by: z.string(),
    since: z.string(),
  }),
]);
export type Switch = z.infer<typeof Switch>;

/**
 * The switches that concern an account: each stops it, and each is released for itself. `mesh` is the mesh's hold on every
 * account, which only the engine may engage and release; `all` is a person's on every account.
 */
export const KillSwitch = z.object({
  engaged: z.boolean(),
  mesh: Switch,
  all: Switch,
  account: Switch,
});
export type KillSwitch = z.infer<typeof KillSwitch>;

/** Which switch: the mesh's hold, a person's over every account, or only this account's. */
export const KillSwitchScope = z.enum(["mesh", "all", "account"]);
export type KillSwitchScope = z.infer<typeof KillSwitchScope>;

/** The switch that stops the account, the widest first; undefined if none is engaged. */
export function engagedSwitch(
  state: KillSwitch,
): (Extract<Switch, { engaged: true }> & { readonly scope: KillSwitchScope }) | undefined {
  for (const scope of KillSwitchScope.options) {
    const one = state[scope];
    if (one.engaged) return { ...one, scope };
  }
  return undefined;
}

/** A stop is taken whatever is written with it: what is unprintable is escaped. */
function shownAs(text: z.ZodString, max: number): z.ZodString {
  return text.overwrite((given) => cut(printableLines(given), max));
}

/** Body that engages or releases a kill switch. */
export const KillSwitchChange = z.strictObject({
  scope: KillSwitchScope,
  by: shownAs(z.string().trim().min(1).max(120), 120),
  reason: shownAs(z.string().trim().min(1).max(1000), 1000),
  /** On engaging: also cancel open orders that would increase risk. */
  cancel_open: z.boolean().default(true),
});
export type KillSwitchChange = z.infer<typeof KillSwitchChange>;

/** Body of every refusal. */
export const Refusal = z.object({ code: z.union([z.int(), z.string()]), message: z.string() });
export type Refusal = z.infer<typeof Refusal>;

/** Code with which the broker refuses a client order id that it has seen. */
export const DUPLICATE_CODE = 40_010_001;
/** Code with which the broker refuses whoever brings no token that it knows. */
export const NOT_AUTHENTICATED_CODE = 40_110_000;
/** Code with which the broker refuses what the holder of a token may not do. */
export const NOT_ALLOWED_CODE = 40_310_001;
/** Code with which the broker refuses an order because a kill switch is engaged. */
export const KILL_SWITCH_CODE = 40_310_100;
/** Code with which the broker refuses an order because it would exceed one of the account's limits. */
export const LIMIT_CODE = 40_310_300;
/** Code with which Alpaca refuses what the account's state doesn't allow now: buying power, shares that open orders hold, a market. */
export const ACCOUNT_STATE_CODE = 40_310_000;
/** Code of an order that was certainly not sent, as nobody could say whether it may be. */
export const NOT_SENT_CODE = 50_310_000;
/** Code of an order for what the broker doesn't trade like that: an instrument, a part of a unit, a short position. */
export const INSTRUMENT_CODE = 42_210_100;
