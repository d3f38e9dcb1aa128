import { expect, test } from "vitest";

import type { Bar } from "./bar.ts";
import { priceMoves } from "./price-moves.ts";
import { sampleBars } from "./sample-bars.ts";

/** Forty calm days at 100 and then as many at 100 x factor, a little way off; volumes by row. */
function moved(factor: number, volume: (row: number) => number = () => 0): Bar[] {
  const closes = Array.from({ length: 80 }, (_, row) => 100 + (row % 7) / 10);
  const bars = sampleBars(closes.map((close, row) => (row < 40 ? close : close * factor)));
  return bars.map((bar, row) => ({ ...bar, volume: volume(row) }));
}
const day = sampleBars(Array.from({ length: 80 }, () => 1))[40]?.date;

test.each([
  ["7:1", 1 / 7],
  ["2:1", 1 / 2],
  ["3:2", 2 / 3],
  ["20:1", 1 / 20],
  ["1:3", 3],
  ["1:8", 8],
  ["1:100", 100],
])("a split of %s is named with its date and factor", (split, factor) => {
  const moves = priceMoves(moved(factor));
  expect(moves).toEqual([{ date: day, factor: expect.closeTo(factor, 0), split }]);
  // As many shares more, and the money that changes hands stays.
  const shares = priceMoves(moved(factor, (row) => (row < 40 ? 1000 : 1000 / factor)));
  expect(shares).toEqual(moves);
});

test("a fall of half on many times the usual money is news, not a split", () => {
  const news = (row: number) => (row === 40 ? 12_000 : 1000);
  expect(priceMoves(moved(0.5, news))).toEqual([]);
  expect(priceMoves(moved(0.5, (row) => (row === 40 ? 3000 : 1000)))).toHaveLength(1);
});

test("a price a hundredfold or a three-hundredth is no market's, with news or without", () => {
  const news = (row: number) => (row === 40 ? 1e6 : 1000);
  expect(priceMoves(moved(114, news))).toMatchObject([{ date: day, split: null }]);
  expect(priceMoves(moved(1 / 300))).toMatchObject([{ date: day, split: null }]);
});

test("a wrong price in one row is two moves: there and back", () => {
  const closes = Array.from({ length: 30 }, (_, row) => (row === 12 ? 1000 : 10));
  expect(priceMoves(sampleBars(closes)).map(({ split }) => split)).toEqual(["1:100", "100:1"]);
});

test("days as markets have them are left alone: down a fifth, up a third, down 45 %", () => {
  for (const factor of [0.8, 1.33, 0.55, 1.25, 0.9])
    expect(priceMoves(moved(factor, () => 1000))).toEqual([]);
  expect(priceMoves([])).toEqual([]);
});
