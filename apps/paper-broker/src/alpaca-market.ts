/** The market that the broker has where it plays Alpaca: prices, assets, hours. Nothing of it is kept. */
import { Decimal, Ticker } from "@baton/brokerage";
import { z } from "zod";

/** What may be set of it. */
export const MarketChange = z.strictObject({
  is_open: z.boolean().optional(),
  /** False: market orders stay open also while it is open, until they are filled one by one. */
  fills: z.boolean().optional(),
  prices: z.record(Ticker, Decimal).optional(),
  assets: z
    .record(
      Ticker,
      z.strictObject({
        tradable: z.boolean().default(true),
        fractionable: z.boolean().default(true),
        shortable: z.boolean().default(true),
      }),
    )
    .optional(),
  buying_power: Decimal.optional(),
});
export type MarketChange = z.infer<typeof MarketChange>;

/** Its state. */
export type Market = {
  -readonly [K in keyof MarketChange]-?: NonNullable<MarketChange[K]>;
};

/** An open one, in which every asset that has a price may be traded in every way. */
export function openMarket(): Market {
  return {
    is_open: true,
    fills: true,
    prices: { SPX: "100", NDX: "100" },
    assets: {},
    buying_power: "1000000",
  };
}

/** How an asset may be traded; undefined if there is none of that name. */
export function assetOf({ prices, assets }: Market, symbol: string) {
  const known = assets[symbol];
  if (known === undefined && prices[symbol] === undefined) return undefined;
  return { tradable: true, fractionable: true, shortable: true, ...known };
}
