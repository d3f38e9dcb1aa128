/** Headers as vendors write them: which column is the adjusted close, and which ones are left alone. */
import { type CsvFormat, CsvTreatment } from "@baton/artifacts";
import { expect, test } from "vitest";

import { csvMarketData } from "./csv-market-data.ts";
import { caught } from "./market-drill.test.fixture.ts";

const load = (lines: readonly string[], format: CsvFormat = {}) =>
  csvMarketData({
    MINE: {
      ...CsvTreatment.parse(format),
      bytes: new TextEncoder().encode(lines.join("\n")),
      name: "csv:0123",
      called: "prices.csv",
    },
  }).load("MINE", AbortSignal.timeout(60_000));

const adjustedAs = (name: string, format?: CsvFormat) =>
  load(
    [`date,open,high,low,close,${name}`, "2020-01-02,10,12,9,10,5", "2020-01-03,10,12,9,10,5"],
    format,
  );

test.each([
  "adj close",
  "adjClose",
  "adj_close",
  "adjusted_close",
  "Adj. Close",
  "Adjusted Close",
  "Adj Close**",
  "5. adjusted close",
  "CloseAdj",
  "Close (adj)",
  "Close Adjusted",
  "Close (adj.)",
  "Adjusted closing price",
  "Closing Price Adjusted",
  '"Adj\nClose"',
])("%s is an adjusted close", async (name) => {
  const { bars, manifest, ignoredColumns } = await adjustedAs(name);
  expect(manifest.prices).toBe("adjusted-close");
  expect(bars.map(({ close }) => close)).toEqual([5, 5]);
  expect(ignoredColumns).toEqual([]);
});

test.each(["Split Adjusted Close", "Adj Close (USD)", "adjusted_price", "Adj Last", "Adjusted"])(
  "%s may be one: it is refused, until it is told or goes",
  async (name) => {
    const error = await caught(adjustedAs(name));
    expect(error.message).toContain("looks like an adjusted close");
    expect(error.action).toContain(`write csv.columns: { adjclose: "${name}" }`);
    const { manifest } = await adjustedAs(name, { columns: { adjclose: name } });
    expect(manifest.prices).toBe("adjusted-close");
  },
);

test("two adjusted closes are refused, until one is told", async () => {
  const two = [
    "date,open,high,low,close,Adj Close,Adjusted Close",
    "2020-01-02,10,12,9,10,5,4",
    "2020-01-03,10,12,9,10,5,4",
  ];
  expect((await caught(load(two))).message).toContain('one column "adjclose"');
  const { bars, ignoredColumns } = await load(two, { columns: { adjclose: "Adjusted Close" } });
  expect([bars[0]?.close, ignoredColumns]).toEqual([4, ["Adj Close"]]);
});

test("other columns are left alone and named", async () => {
  const { manifest, ignoredColumns } = await adjustedAs("Dividend");
  expect(manifest.prices).toBe("as-given");
  expect(ignoredColumns).toEqual(["Dividend"]);
});

test.each(["Adj\u200bClose", "clo\u00adse", "no\ufeffte", "\u202eeton", "a\u0007b"])(
  "%j as a column's name holds what nobody sees",
  async (name) => {
    const error = await caught(adjustedAs(name));
    expect(error).toMatchObject({ code: "E_INVALID", where: "prices.csv line 1, column 6" });
    expect(error.rule).toContain("invisible");
  },
);

test("a vendor's numbered and footnoted names are read", async () => {
  const { bars } = await load([
    "date,1. open,2. high,3. low,Close*,6. volume",
    "2020-01-02,10.5,12,9.25,11,100",
    "2020-02-13,11,13,10,12.75,50",
  ]);
  expect(bars.map(({ open, close, volume }) => [open, close, volume])).toEqual([
    [10.5, 11, 100],
    [11, 12.75, 50],
  ]);
});
