import type { TradingCosts } from "@baton/artifacts";

import type { HeldBackPortfolio } from "./held-back-portfolio.ts";

const BPS = 10_000;

/**
 * What it costs to fill each change of weight at the next open instead of at the close that decided it: signed, so that a
 * favourable gap is negative. The last row's target is left out, as nothing follows it.
 */
export function tradingCosts({ panel, targets }: HeldBackPortfolio, costBps: number): TradingCosts {
  let orders = 0;
  let traded = 0;
  let lost = 0;
  for (const [instrument, bars] of panel.entries()) {
    const weights = targets[instrument] ?? [];
    for (let row = 0; row + 1 < bars.length; row += 1) {
      const change = (weights[row] ?? 0) - (row === 0 ? 0 : (weights[row - 1] ?? 0));
      const close = bars[row]?.close;
      const open = bars[row + 1]?.open;
      if (change === 0 || close === undefined || open === undefined) continue;
      orders += 1;
      traded += Math.abs(change);
      lost += change * (open / close - 1);
    }
  }
  const rows = Math.max(1, (panel[0]?.length ?? 1) - 1);
  const slippageBps = traded === 0 ? null : (lost / traded) * BPS;
  return {
    orders,
    traded,
    slippageBps,
    shortfallBps: slippageBps === null ? null : slippageBps + costBps,
    churn: traded / rows,
    divergenceBps: (lost / rows) * BPS,
  };
}
