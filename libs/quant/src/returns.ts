import { type Series, valueAt } from "./series.ts";

/** Simple returns r_i = C_i / C_(i-1) - 1; one fewer than closes: `returns[k]` belongs to row k + 1. */
export function simpleReturns(closes: Series): number[] {
  return closes.slice(1).map((close, row) => close / valueAt(closes, row) - 1);
}

/**
 * The equity after every return, starting from 1; as long as the returns (the start itself is left out).
 * A loss of everything is final: once at 0 it stays there, as a debt could not be traded on.
 */
export function equityCurve(net: Series): number[] {
  let equity = 1;
  return net.map((value) => (equity = Math.max(0, equity * (1 + value))));
}
