import { type Bar, backtest } from "@baton/quant";
import { expect, test } from "vitest";

import { combined } from "./combination.ts";

const bar = (date: string, close: number): Bar => ({
  date,
  open: close,
  high: close,
  low: close,
  close,
  volume: 1,
});

test("One instrument alone is left as it is.", () => {
  const bars = [bar("2020-01-01", 10), bar("2020-01-02", 11), bar("2020-01-03", 12)];
  const { panel, targets } = combined([{ bars, targets: [1, 0.5, 0.25] }]);
  expect(panel).toEqual([bars]);
  expect(targets).toEqual([[1, 0.5, 0]]);
});

test("The equity is split over the instruments that can be held to a later row, and given back afterwards.", () => {
  const long = ["01", "02", "03", "04", "05"].map((day) => bar(`2020-01-${day}`, 10));
  const short = ["02", "03", "04"].map((day) => bar(`2020-01-${day}`, 20));
  const { targets } = combined([
    { bars: long, targets: [1, 1, 1, 1, 1] },
    { bars: short, targets: [1, 1, 1] },
  ]);
  expect(targets).toEqual([
    [1, 0.5, 0.5, 1, 0],
    [0, 0.5, 0.5, 0, 0],
  ]);
});

test("A date that an instrument skips earns it nothing and keeps its target.", () => {
  const dense = ["01", "02", "03"].map((day, k) => bar(`2020-01-${day}`, 10 + k));
  const sparse = [bar("2020-01-01", 100), bar("2020-01-03", 120)];
  const { panel, targets } = combined([
    { bars: dense, targets: [0, 0, 0] },
    { bars: sparse, targets: [1, 1] },
  ]);
  expect(panel[1]?.map(({ close }) => close)).toEqual([100, 100, 120]);
  expect(targets[1]).toEqual([0.5, 0.5, 0]);
  const { holdings } = backtest({ panel, targets, bps: 0 });
  expect(holdings.net).toEqual([0, 0.5 * (120 / 100 - 1)]);
});

test("Two equal instruments together earn what one earns alone.", () => {
  const bars = [10, 11, 9, 12].map((close, k) => bar(`2020-01-0${k + 1}`, close));
  const component = { bars, targets: [1, 0, 1, 1] };
  const alone = backtest({ ...combined([component]), bps: 5 });
  const both = backtest({ ...combined([component, component]), bps: 5 });
  expect(both.holdings.net).toHaveLength(3);
  for (const [k, value] of both.holdings.net.entries())
    expect(value).toBeCloseTo(alone.holdings.net[k] ?? Number.NaN, 14);
});

test("A change of the split is paid for.", () => {
  const long = ["01", "02", "03", "04"].map((day) => bar(`2020-01-${day}`, 10));
  const short = ["02", "03", "04"].map((day) => bar(`2020-01-${day}`, 20));
  const combination = combined([
    { bars: long, targets: [1, 1, 1, 1] },
    { bars: short, targets: [0, 0, 0] },
  ]);
  const { traded } = backtest({ ...combination, bps: 5 }).holdings;
  expect(traded).toEqual([1, 0.5, 0]);
});

test("A component without rows is refused.", () => {
  expect(() => combined([{ bars: [], targets: [] }])).toThrow(RangeError);
});
