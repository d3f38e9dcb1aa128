/** The strategy over the rows that nobody had seen, held against what the backtest led to expect. Pure. */
import type { BacktestBands, GateOutcome, ShadowPaperReport, TradingCosts } from "@baton/contracts";
import { backtest, bootstrapBands, performanceDrift } from "@baton/quant";

import { heldBackPortfolio } from "./held-back-portfolio.ts";
import { COST_LIMITS } from "./rollout-policy.ts";
import type { InstrumentSignals } from "./strategy-signals.ts";
import { tradingCosts } from "./trading-costs.ts";

/** Most samples when bands have to be made for another number of rows. */
const MAX_SAMPLES = 2000;

/** What the backtest left to compare with. */
export interface Expectation {
  readonly costBps: number;
  /** Bands for as many rows as each instrument holds back. */
  readonly bands: BacktestBands;
  /** Out-of-sample net returns that they were drawn from. */
  readonly net: readonly number[];
}

type Evaluation = ShadowPaperReport["evaluation"];

/** The evaluation, and the gates that follow from it. */
export interface ShadowEvaluation {
  readonly evaluation: Evaluation;
  readonly gates: readonly GateOutcome[];
}

/** Instruments with different calendars have more dates than rows each; bands must be for as many rows as are compared. */
function bandsFor(rows: number, { bands, net }: Expectation): BacktestBands {
  if (bands.horizonRows === rows) return bands;
  const { seed, blockRows } = bands;
  const samples = Math.min(bands.samples, MAX_SAMPLES);
  return bootstrapBands({ net, seed, samples, blockRows, horizonRows: rows });
}

function bandsGate(net: readonly number[], bands: BacktestBands): GateOutcome {
  const below = (edge: "p01" | "p05") =>
    performanceDrift(net, bands, edge).checks.filter(({ place }) => place === "below");
  const sentence = (edge: string) => (check: { figure: string; measured: number; low: number }) =>
    `${check.figure} ${check.measured.toFixed(4)} is below its ${edge} of ${check.low.toFixed(4)}`;
  const failed = below("p01").map(sentence("1 % edge"));
  const doubtful = below("p05").map(sentence("5 % edge"));
  const status = failed.length > 0 ? "fail" : doubtful.length > 0 ? "inconclusive" : "pass";
  return { gateId: "performance-bands", status, reasons: failed.length > 0 ? failed : doubtful };
}

function costsGate(costs: TradingCosts): GateOutcome {
  const { fewestOrdersForSlippage, slippageBps, shortfallBps, churn, divergenceBps } = COST_LIMITS;
  const few = costs.orders < fewestOrdersForSlippage;
  const perOrder = [
    ["slippage in bps", costs.slippageBps, slippageBps],
    ["shortfall in bps", costs.shortfallBps, shortfallBps],
  ] as const;
  const limits = [
    ["churn", costs.churn, churn],
    ["divergence in bps a day", costs.divergenceBps, divergenceBps],
    ...(few ? [] : perOrder),
  ] as const;
  const over = limits
    .filter(([, measured, limit]) => measured === null || !(measured <= limit))
    .map(([name, measured, limit]) => `${name} ${shown(measured)} is over ${limit}`);
  const unjudged = `slippage of ${shown(costs.slippageBps)} bps isn't judged: ${costs.orders} orders, fewer than ${fewestOrdersForSlippage}`;
  return {
    gateId: "trading-costs",
    status: over.length > 0 ? "fail" : "pass",
    reasons: few ? [...over, unjudged] : over,
  };
}

const shown = (value: number | null) => value?.toFixed(4) ?? "missing";

/** Evaluates the held-back rows. Throws a QuantError on data that can't be evaluated. */
export function evaluateShadow(
  signals: readonly InstrumentSignals[],
  expectation: Expectation,
): ShadowEvaluation {
  const portfolio = heldBackPortfolio(signals);
  const { holdings, figures } = backtest({ ...portfolio, bps: expectation.costBps });
  const net = [...holdings.net];
  const bands = bandsFor(net.length, expectation);
  const costs = tradingCosts(portfolio, expectation.costBps);
  const evaluation = {
    instruments: signals.map(({ instrument, sha256, bars, cut }) => ({
      instrument,
      sha256,
      holdout: {
        from: cut,
        to: bars.length,
        start: bars[cut]?.date ?? "",
        end: bars.at(-1)?.date ?? "",
      },
    })),
    figures,
    bands: [...performanceDrift(net, bands).checks],
    costs,
    net,
  };
  return { evaluation, gates: [bandsGate(net, bands), costsGate(costs)] };
}
