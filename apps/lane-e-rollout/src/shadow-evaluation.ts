/** The strategy over the rows that nobody had seen, held against what the backtest led to expect. Pure. */
import type { BacktestBands, GateOutcome, ShadowPaperReport, TradingCosts } from "@baton/artifacts";
import { backtest, type PerformanceDrift, performanceDrift } from "@baton/quant";
import { counted } from "@baton/text/counted";

import { heldBackPortfolio } from "./held-back-portfolio.ts";
import { COST_LIMITS } from "./rollout-policy.ts";
import type { InstrumentSignals } from "./strategy-signals.ts";
import { tradingCosts } from "./trading-costs.ts";

/** What the backtest left to compare with. */
export interface Expectation {
  readonly costBps: number;
  readonly barsPerYear: number;
  /** Bands for as many rows as are held back. */
  readonly bands: BacktestBands;
}

type Evaluation = ShadowPaperReport["evaluation"];

/** The evaluation, and the gates that follow from it. */
export interface ShadowEvaluation {
  readonly evaluation: Evaluation;
  readonly gates: readonly GateOutcome[];
}

function bandsGate(checksAt: (edge: "p01" | "p05") => PerformanceDrift["checks"]): GateOutcome {
  const at = (edge: "p01" | "p05", words: string) =>
    checksAt(edge).flatMap(({ figure, measured, low, place }) => {
      if (place === "unknown") return [`${figure} has no value: nothing was judged by it`];
      return place === "below"
        ? [`${figure} ${shown(measured)} is below its ${words} of ${shown(low)}`]
        : [];
    });
  const failed = checksAt("p01").some(({ place }) => place === "below");
  const reasons = failed ? at("p01", "1 % edge") : at("p05", "5 % edge");
  const status = failed ? "fail" : reasons.length > 0 ? "inconclusive" : "pass";
  return { gateId: "performance-bands", status, reasons };
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
  const unjudged = `slippage of ${shown(costs.slippageBps)} bps isn't judged: ${counted(costs.orders, "order")}, fewer than ${fewestOrdersForSlippage}`;
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
  const { bands, barsPerYear, costBps: bps } = expectation;
  const portfolio = heldBackPortfolio(signals);
  const { holdings, figures } = backtest({ ...portfolio, bps, barsPerYear });
  const net = [...holdings.net];
  const checksAt = (edge: "p01" | "p05") =>
    performanceDrift(net, bands, { edge, barsPerYear }).checks;
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
    bands: [...checksAt("p05")],
    costs,
    net,
  };
  return { evaluation, gates: [bandsGate(checksAt), costsGate(costs)] };
}
