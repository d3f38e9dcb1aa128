import type { StressFamily, StressMetrics } from "@baton/artifacts";
import type { StressCase, StressKind } from "@baton/quant";

/** Which family a promotion counts a case to; base is what the others are compared with. */
const FAMILIES: Readonly<Record<Exclude<StressKind, "base">, StressFamily>> = {
  costs: "spread",
  volatility: "volatility",
  liquidity: "liquidity",
  delay: "halt",
  rejections: "halt",
};

/** Whether a case's size is a factor, as in `costs-x3`, or an amount, as in `delay-5`. */
const FACTORS: readonly StressKind[] = ["costs", "volatility"];

type Measured = Pick<StressMetrics, "base" | "cases" | "summary">;

/** The suite's cases by name and family, and how much of the base's Sharpe ratio each one costs. */
export function stressMetrics(suite: readonly StressCase[]): Measured {
  const base = suite.find(({ kind }) => kind === "base")?.figures;
  if (base === undefined) throw new RangeError("a stress suite needs its base");
  const cases = suite.flatMap(({ kind, size, figures }) =>
    kind === "base"
      ? []
      : [
          {
            id: `${kind}-${FACTORS.includes(kind) ? "x" : ""}${size}`,
            family: FAMILIES[kind],
            figures,
            fragility: fragilityOf(base.sharpe, figures.sharpe),
          },
        ],
  );
  const worst = cases.reduce((a, b) => (b.fragility > a.fragility ? b : a));
  return {
    base,
    cases,
    summary: {
      fragility: worst.fragility,
      worstCase: worst.id,
      maxDrawdown: Math.min(...cases.map(({ figures }) => figures.maxDrawdown)),
    },
  };
}

/** Share of the ratio that is lost, from 0 to 1; a base that earns nothing, or has no ratio, has nothing to lose and counts as 1. */
function fragilityOf(base: number | null, stressed: number | null): number {
  if (base === null || base <= 0) return 1;
  return Math.min(1, Math.max(0, 1 - (stressed ?? 0) / base));
}
