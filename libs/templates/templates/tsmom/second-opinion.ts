import { ROC } from "trading-signals";

/** The rate of change as the library has it, and the weights that follow. */
export function secondOpinion(closes: readonly number[], parameters: Record<string, number>) {
  const momentum = new ROC(parameters["lookbackRows"] ?? 0).updates([...closes], false);
  const afterFall = parameters["afterFall"] ?? 0;
  return {
    indicators: { momentum },
    weights: momentum.map((change) => {
      if (change === null || change === 0) return 0;
      return change > 0 ? 1 : afterFall;
    }),
    /** How far from its turning point each decision is, relative to the price. */
    margins: momentum.map((change) => (change === null ? 1 : Math.abs(change))),
  };
}
