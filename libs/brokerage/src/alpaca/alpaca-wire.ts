/** How Alpaca writes what the port has: more keys, more digits, and null where there is nothing. Every reader is tolerant. */
import { z } from "zod";

import type { Answer, Exchange } from "../exchange.ts";
import { ACCOUNT_STATE_CODE, NOT_AUTHENTICATED_CODE, type Order, Side } from "../order.ts";

/** Digits after the point that the port keeps; more are cut off. */
const shortened = (text: string): string => text.replace(/(\.\d{9})\d+$/, "$1");
const Amount = z
  .string()
  .regex(/^\d{1,12}(\.\d{1,40})?$/)
  .transform(shortened);
const SignedAmount = z
  .string()
  .regex(/^-?\d{1,30}(\.\d{1,40})?$/)
  .transform(shortened);
const nullable = <T>(schema: z.ZodType<T>) => schema.nullish().transform((value) => value ?? null);

/** An order; one by value has no quantity but what was filled of it, one of several legs no symbol and no side. Ours have all of it. */
export const AlpacaOrder: z.ZodType<Order & { readonly notional: string | null }> = z
  .looseObject({
    id: z.string().min(1).max(80),
    client_order_id: z.string().min(1).max(200),
    created_at: z.string(),
    filled_at: nullable(z.string()),
    canceled_at: nullable(z.string()),
    symbol: nullable(z.string()),
    qty: nullable(Amount),
    notional: nullable(Amount),
    filled_qty: Amount,
    filled_avg_price: nullable(Amount),
    side: nullable(Side),
    type: z.string(),
    time_in_force: z.string(),
    limit_price: nullable(SignedAmount),
    stop_price: nullable(Amount),
    status: z.string(),
  })
  .transform(({ qty, symbol, side, ...order }) => ({
    ...order,
    qty: qty ?? order.filled_qty,
    symbol: symbol ?? "",
    side: side ?? ("buy" as const),
  }));

/** A position; `qty` is negative when short. */
export const AlpacaPosition = z
  .looseObject({
    symbol: z.string(),
    qty: SignedAmount,
    side: z.enum(["long", "short"]),
    avg_entry_price: Amount,
  })
  .transform(({ symbol, qty, side, avg_entry_price }) => {
    const signed = side === "short" && !qty.startsWith("-") ? `-${qty}` : qty;
    return { symbol, qty: signed, side, avg_entry_price };
  });

/** The account. */
export const AlpacaAccountState = z
  .looseObject({
    id: z.string().min(1).max(80),
    account_number: z.string(),
    status: z.string(),
    currency: z.string(),
    cash: SignedAmount,
    trading_blocked: z.boolean(),
    account_blocked: z.boolean().default(false),
    trade_suspended_by_user: z.boolean().default(false),
  })
  .transform(({ account_blocked: blocked, trade_suspended_by_user: suspended, ...state }) => ({
    ...state,
    trading_blocked: state.trading_blocked || blocked || suspended,
  }));

/** An asset. */
export const AlpacaAsset = z.looseObject({
  tradable: z.boolean(),
  fractionable: z.boolean().default(false),
  shortable: z.boolean().default(false),
});

/** The market's clock. */
export const AlpacaClock = z.looseObject({
  is_open: z.boolean(),
  next_open: z.iso.datetime({ offset: true }),
});

const Bare = z.looseObject({
  message: z.string(),
  code: z.undefined().optional(),
});

/**
 * Refusals in the words of the port. A key that isn't known is refused with a message alone; what the account's state doesn't allow
 * now has one code, whatever the reason.
 */
export function translated(exchange: Exchange): Exchange {
  return async (method, path, body) => {
    const answer = await exchange(method, path, body);
    if (answer.kind === "silence") return answer;
    return { ...answer, body: refusalBody(answer) };
  };
}

function refusalBody({ status, body }: Extract<Answer, { kind: "answer" }>): unknown {
  if (status !== 401 && status !== 403) return body;
  const bare = Bare.safeParse(body);
  if (!bare.success) return body;
  const code = status === 401 ? NOT_AUTHENTICATED_CODE : ACCOUNT_STATE_CODE;
  return { code, message: bare.data.message };
}
