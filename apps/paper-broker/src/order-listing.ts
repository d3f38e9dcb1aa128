import type { Order } from "@baton/brokerage";
import { z } from "zod";

import type { AccountBook } from "./book.ts";

const positiveInt = z
  .string()
  .regex(/^\d{1,4}$/)
  .transform(Number);

/** Query of a listing, with Alpaca's defaults: open orders, the newest first, 50. */
export const ListingQuery = z.object({
  status: z.enum(["open", "closed", "all"]).default("open"),
  limit: positiveInt.pipe(z.int().min(1).max(500)).default(50),
  direction: z.enum(["asc", "desc"]).default("desc"),
  /** Only orders that follow this one in the direction asked for. */
  after_order_id: z.string().max(80).optional(),
});
export type ListingQuery = z.infer<typeof ListingQuery>;

/** The page of orders that `query` asks for; undefined if it continues from an order that doesn't exist. */
export function listOrders(book: AccountBook, query: ListingQuery): readonly Order[] | undefined {
  const { after_order_id: after } = query;
  if (after !== undefined && !book.orders.has(after)) return undefined;
  const ids = [...book.orders.keys()];
  if (query.direction === "desc") ids.reverse();
  const page: Order[] = [];
  for (let at = after === undefined ? 0 : ids.indexOf(after) + 1; at < ids.length; at += 1) {
    const order = book.orders.get(ids[at] ?? "");
    if (!order || (query.status !== "all" && book.open.has(order.id) !== (query.status === "open")))
      continue;
    page.push(order);
    if (page.length === query.limit) break;
  }
  return page;
}
