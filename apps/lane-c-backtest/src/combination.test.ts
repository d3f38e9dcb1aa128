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
  expect(targets).toEqual([[1, 0.5, 0.25]]);
});

test("The equity is shared evenly, on every row.", () => {
  const bars = ["01", "02", "03"].map((day) => bar(`2020-01-${day}`, 10));
  const { panel, targets } = combined([
    { bars, targets: [1, 1, 0] },
    { bars, targets: [0, 1] },
  ]);
  expect(panel).toEqual([bars, bars]);
  expect(targets).toEqual([
    [0.5, 0.5, 0],
    [0, 0.5, 0],
  ]);
});

test("Components of other dates are refused when they are run, not shifted against each other.", () => {
  const one = ["01", "02"].map((day) => bar(`2020-01-${day}`, 10));
  const other = ["02", "03"].map((day) => bar(`2020-01-${day}`, 10));
  const both = combined([one, other].map((bars) => ({ bars, targets: [1, 1] })));
  expect(() => backtest({ ...both, bps: 0, barsPerYear: 252 })).toThrow(/same in every series/);
});

test("Two equal instruments together earn what one earns alone.", () => {
  const bars = [10, 11, 9, 12].map((close, k) => bar(`2020-01-0${k + 1}`, close));
  const component = { bars, targets: [1, 0, 1, 1] };
  const alone = backtest({ ...combined([component]), bps: 5, barsPerYear: 252 });
  const both = backtest({ ...combined([component, component]), bps: 5, barsPerYear: 252 });
  expect(both.holdings.net).toHaveLength(3);
  for (const [k, value] of both.holdings.net.entries())
    expect(value).toBeCloseTo(alone.holdings.net[k] ?? Number.NaN, 14);
});
