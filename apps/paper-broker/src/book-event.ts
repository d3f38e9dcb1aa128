import { Account, Decimal, KillSwitchScope, NewOrder } from "@baton/brokerage";
import { Instant } from "@baton/contracts";
import { z } from "zod";

const OrderId = z.string().min(1).max(80);
const Cancellation = z.strictObject({ account: Account, id: OrderId });
const change = {
  at: Instant,
  scope: KillSwitchScope,
  account: Account.nullable(),
  by: z.string().max(120),
  reason: z.string().max(1000),
};

/** What happened at the broker, in the order in which the ledger holds it; the book is a fold over these. */
export const BookEvent = z.discriminatedUnion("type", [
  /** An order was taken, with everything that decides its outcome. */
  z.strictObject({
    type: z.literal("order"),
    at: Instant,
    account: Account,
    id: OrderId,
    order: NewOrder,
  }),
  /** An open order was filled, as a whole or in part. */
  z.strictObject({
    type: z.literal("fill"),
    at: Instant,
    account: Account,
    id: OrderId,
    qty: Decimal,
    price: Decimal,
  }),
  z.strictObject({ type: z.literal("cancel"), at: Instant, cancelled: z.array(Cancellation) }),
  /** A kill switch was engaged: the mesh's or a person's over all accounts (`account` is null), or one account's. */
  z.strictObject({ type: z.literal("engage"), ...change, cancelled: z.array(Cancellation) }),
  z.strictObject({ type: z.literal("release"), ...change }),
]);
export type BookEvent = z.infer<typeof BookEvent>;

/** One order that an event cancelled. */
export type Cancellation = z.infer<typeof Cancellation>;
