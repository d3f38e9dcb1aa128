import { SMA } from "trading-signals";

/** The averages as the library has them, and the weights that follow. */
export function secondOpinion(closes: readonly number[], parameters: Record<string, number>) {
  const averages = (rows: number) => new SMA(rows).updates([...closes], false);
  const fast = averages(parameters["fast"] ?? 0);
  const slow = averages(parameters["slow"] ?? 0);
  return {
    indicators: { fast, slow },
    weights: slow.map((average, row) =>
      average === null ? 0 : Number((fast[row] ?? Number.NaN) > average),
    ),
    /** How far from its turning point each decision is, relative to the price. */
    margins: slow.map((average, row) =>
      average === null ? 1 : Math.abs((fast[row] ?? 0) / average - 1),
    ),
  };
}
