import { closesOf, type Panel, requireCloses } from "./bar.ts";
import { requireThat } from "./quant-error.ts";
import { simpleReturns } from "./returns.ts";
import { type Series, valueAt, zeros } from "./series.ts";

/**
 * What was held and earned, row by row, from row 1 of the prices on (row 0 has no return):
 * index k of every series belongs to row k + 1. `traded` is sum |w_i - w_(i-1)| over the instruments,
 * `cost` is that times bps / 10000, both as fractions of the equity.
 */
export type Holdings = {
  readonly weights: readonly Series[];
  readonly net: Series;
  readonly traded: Series;
  readonly cost: Series;
};

/** Targets by instrument and row: `targets[instrument][row]`, known at the close of that row. */
export type Targets = readonly Series[];

/** The returns of every series of a panel. */
export function panelReturns(panel: Panel): number[][] {
  return panel.map((bars) => simpleReturns(closesOf(bars)));
}

/**
 * Weights held under the one-bar delay, w_i = s_(i-1-delayRows), 0 before the first signal;
 * one fewer than targets, as returns are.
 */
export function delayedWeights(targets: Series, delayRows = 0): number[] {
  return targets.slice(1).map((_, k) => (k - delayRows < 0 ? 0 : valueAt(targets, k - delayRows)));
}

/**
 * Earns the returns with the weights and pays for every change of them, from 0 before the first row.
 * Closing the last position costs nothing. Throws E_INVALID if lengths differ or a value is not finite.
 */
export function settle(input: {
  readonly weights: readonly Series[];
  readonly returns: readonly Series[];
  readonly bps: number;
}): Holdings {
  const { weights, returns, bps } = input;
  requireBps(bps);
  const rows = returns[0]?.length ?? 0;
  requireThat(weights.length === returns.length && weights.length > 0, {
    where: "weights",
    value: weights.length,
    rule: `one series per instrument, ${returns.length} of them and at least one`,
    action: "give targets for every instrument",
  });
  const net = zeros(rows);
  const traded = zeros(rows);
  for (const [instrument, held] of weights.entries()) {
    const earned = returns[instrument] ?? [];
    requireSameRows(held, rows, instrument);
    requireSameRows(earned, rows, instrument);
    for (let k = 0; k < rows; k += 1) {
      const weight = valueAt(held, k);
      net[k] = valueAt(net, k) + weight * valueAt(earned, k);
      traded[k] = valueAt(traded, k) + Math.abs(weight - (k === 0 ? 0 : valueAt(held, k - 1)));
    }
  }
  const cost = traded.map((moved) => (moved * bps) / 10_000);
  return { weights, traded, cost, net: net.map((gross, k) => gross - valueAt(cost, k)) };
}

/**
 * Net returns of one instrument: w_i * r_i - |w_i - w_(i-1)| * bps / 10000 with w_i = s_(i-1) and w_0 = 0.
 * As long as `closes` less one. Throws E_INVALID on bad closes, other lengths or bps outside 0..10000.
 */
export function netReturns(signals: Series, closes: Series, bps: number): Series {
  requireCloses(closes);
  const weights = [delayedWeights(signals)];
  return settle({ weights, returns: [simpleReturns(closes)], bps }).net;
}

function requireSameRows(series: Series, rows: number, instrument: number): void {
  const broken = series.length === rows ? series.find((value) => !Number.isFinite(value)) : rows;
  requireThat(series.length === rows && broken === undefined, {
    where: `series of instrument ${instrument}`,
    value: series.length === rows ? broken : series.length,
    rule: `${rows} finite numbers`,
    action: "compute targets over the same rows as the prices",
  });
}

function requireBps(bps: number): void {
  requireThat(bps >= 0 && bps <= 10_000, {
    where: "bps",
    value: bps,
    rule: "a cost of 0 to 10000 basis points",
    action: "correct the cost model",
  });
}
