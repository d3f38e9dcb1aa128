import type { CsvTreatment } from "@baton/artifacts";
import { expect, test } from "vitest";

import { csvMarketData } from "./csv-market-data.ts";
import { caught } from "./market-drill.test.fixture.ts";

const signal = AbortSignal.timeout(60_000);
const load = (csv: string, treatment: CsvTreatment = {}) =>
  csvMarketData({
    MINE: { bytes: new TextEncoder().encode(csv), name: "mine.csv", ...treatment },
  }).load("MINE", signal);

/** Two weeks at 700 and the next at the price after a split of so many to one, with shares that multiply as it does. */
function splitCsv(factor: number, adjusted = false): string {
  const lines = Array.from({ length: 14 }, (_, row) => {
    const after = row >= 7;
    const close = (700 + row) * (after ? 1 / factor : 1);
    const cells = [close, close * 1.01, close * 0.99, close, (after ? factor : 1) * 1000];
    const date = `2014-06-${String(row + 2).padStart(2, "0")}`;
    return [date, ...cells, ...(adjusted ? [(700 + row) / factor] : [])].join(",");
  });
  return [`date,open,high,low,close,volume${adjusted ? ",Adj Close" : ""}`, ...lines].join("\n");
}
const total = (bars: readonly { readonly close: number }[]) =>
  (bars.at(-1)?.close ?? 0) / (bars[0]?.close ?? 1) - 1;

test("an adjusted close is what prices are scaled to, all four of a row alike", async () => {
  const { bars, manifest } = await load(splitCsv(7, true));
  expect(manifest).toMatchObject({ prices: "adjusted-close", moves: { total: 0, listed: [] } });
  expect(total(bars)).toBeCloseTo(13 / 700, 12);
  expect(bars[0]).toEqual({
    date: "2014-06-02",
    open: expect.closeTo(100, 9),
    high: expect.closeTo(101, 9),
    low: expect.closeTo(99, 9),
    close: 100,
    volume: 1000,
  });
});

test("an adjusted close that equals the close changes no price in its last digit", async () => {
  const rows = ["2024-01-02,10.1,12.3,9.7,11.1,11.1", "2024-01-03,10.7,12.9,9.1,11.7,11.7"];
  const { bars } = await load(["date,open,high,low,close,adj close", ...rows].join("\n"));
  expect(bars.map(({ open, high, low, close }) => [open, high, low, close])).toEqual([
    [10.1, 12.3, 9.7, 11.1],
    [10.7, 12.9, 9.1, 11.7],
  ]);
});

test.each([
  ["7:1", 7],
  ["1:3", 1 / 3],
])(
  "a split of %s is named unless it is declared, and then prices before it are brought over",
  async (ratio, factor) => {
    const date = "2014-06-09";
    const untold = await load(splitCsv(factor));
    expect(untold.manifest).toMatchObject({
      prices: "as-given",
      moves: { total: 1, listed: [{ date, split: ratio, factor: expect.closeTo(1 / factor, 1) }] },
    });
    const { bars, manifest } = await load(splitCsv(factor), { splits: [{ date, ratio }] });
    expect(manifest).toMatchObject({
      prices: "declared-splits",
      splits: [{ date, ratio }],
      moves: { total: 0 },
    });
    expect(total(bars)).toBeCloseTo(13 / 700, 12);
    expect(bars[0]?.volume).toBeCloseTo(1000 * factor, 6);
  },
);

test("two splits one after the other both count", async () => {
  const closes = [60, 60, 30, 30, 10, 10];
  const lines = closes.map(
    (close, row) => `2020-01-0${row + 1},${close},${close},${close},${close}`,
  );
  const splits = [
    { date: "2020-01-03", ratio: "2:1" },
    { date: "2020-01-05", ratio: "3:1" },
  ];
  const { bars } = await load(["date,open,high,low,close", ...lines].join("\n"), { splits });
  for (const { close } of bars) expect(close).toBeCloseTo(10, 12);
});

test.each([
  [
    "on no row",
    "2014-06-29",
    "7:1",
    splitCsv(7),
    /splits\[0\]: "2014-06-29".*first at the new price/,
  ],
  ["on the first row", "2014-06-02", "7:1", splitCsv(7), /the date of a row after the first/],
  ["that prices don't show", "2014-06-09", "7:1", splitCsv(1), /moved to 1\.00 .*adjusted already/],
  [
    "of another ratio",
    "2014-06-09",
    "2:1",
    splitCsv(7),
    /moved to 0\.143.*0\.500 at a split of 2:1/,
  ],
  ["beside an adjusted close", "2014-06-09", "7:1", splitCsv(7, true), /holds them already/],
])("a split %s is refused", async (...[, date, ratio, csv, message]) => {
  const error = await caught(load(csv, { splits: [{ date, ratio }] }));
  expect(error).toMatchObject({ code: "E_INVALID", class: "spec" });
  expect(error.message).toMatch(message);
});

test("a move that was declared to be real isn't named; one on no row is refused", async () => {
  const realMoves = ["2014-06-09"];
  const { manifest } = await load(splitCsv(2), { realMoves });
  expect(manifest).toMatchObject({ prices: "as-given", realMoves, moves: { total: 0 } });
  const error = await caught(load(splitCsv(2), { realMoves: ["2014-07-09"] }));
  expect(error.message).toMatch(/realMoves: "2014-07-09" breaks the rule "the date of a row"/);
});

test("rows with and without an adjusted close don't mix, and a column without any is none", async () => {
  const header = "date,open,high,low,close,adj close";
  const mixed = await caught(load(`${header}\n2024-01-02,1,1,1,1,1\n2024-01-03,1,1,1,1,null`));
  expect(mixed.message).toMatch(/line 3, column 6 \(adjclose\): "null".*in every row, or in none/);
  const { manifest } = await load(`${header}\n2024-01-02,1,1,1,1,\n2024-01-03,1,1,1,1,null`);
  expect(manifest).toMatchObject({ prices: "as-given", nullRate: 0 });
});
