import { getStandardDeviation, ROC } from "trading-signals";

/** The rate of change and the deviation as the library has them, and the weights of one instrument alone. */
export function secondOpinion(closes: readonly number[], parameters: Record<string, number>) {
  const momentum = new ROC(parameters["momentumRows"] ?? 0).updates([...closes], false);
  const step = new ROC(1).updates([...closes], false);
  const rows = parameters["volatilityRows"] ?? 0;
  const volatility = step.map((_, row) => {
    const window = step.slice(Math.max(0, row + 1 - rows), row + 1);
    const returns = window.filter((change) => change !== null);
    return returns.length < rows ? null : getStandardDeviation(returns);
  });
  return {
    indicators: { momentum, volatility },
    weights: momentum.map((change, row) => {
      const deviation = volatility[row] ?? null;
      if (change === null || deviation === null || change <= 0) return 0;
      return deviation === 0 ? 1 : Math.min(1, (parameters["dailyVolatility"] ?? 0) / deviation);
    }),
    /** How far from its turning point each decision is, relative to the price. */
    margins: momentum.map((change) => (change === null ? 1 : Math.abs(change))),
  };
}
