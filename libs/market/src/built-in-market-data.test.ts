import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { DescribedDataset } from "@baton/artifacts";
import { Bar } from "@baton/quant";
import { expect, test } from "vitest";

import { alignByDate } from "./alignment.ts";
import { BUILT_INS, builtInMarketData } from "./built-in-market-data.ts";
import { caught, inFolder } from "./market-drill.test.fixture.ts";

const market = builtInMarketData();
const signal = AbortSignal.timeout(60_000);
const load = (instrument: string) => market.load(instrument, signal);

test.each([
  ["SPX", 5105, "2000-01-03", "2020-04-17"],
  ["NDX", 6724, "1985-11-01", "2012-06-29"],
  ["AAPL", 1260, "2013-05-13", "2018-05-11"],
] as const)(
  "%s has %d rows from %s to %s, the pinned digest and no empty cell",
  async (instrument, rows, start, end) => {
    const { manifest, bars } = await load(instrument);
    expect(manifest).toMatchObject({
      instrument,
      rows,
      start,
      end,
      nullRate: 0,
      schemaVersion: "3.0.0",
    });
    expect(manifest.sha256).toBe(BUILT_INS[instrument].sha256);
    expect(DescribedDataset.parse(manifest)).toEqual(manifest);
    expect(bars).toHaveLength(rows);
    expect(bars.filter((bar) => !Bar.safeParse(bar).success)).toEqual([]);
  },
);

test("the first rows are those of the files, whatever the column order and date form", async () => {
  const [spx, ndx, aapl] = await Promise.all(["SPX", "NDX", "AAPL"].map(load));
  expect(spx?.bars[0]).toEqual({
    date: "2000-01-03",
    open: 1469.25,
    high: 1478,
    low: 1438.359985,
    close: 1455.219971,
    volume: 931_800_000,
  });
  expect(ndx?.bars[0]).toEqual({
    date: "1985-11-01",
    open: 115.48,
    high: 116.78,
    low: 115.48,
    close: 116.28,
    volume: 900_900,
  });
  expect(aapl?.bars[0]).toMatchObject({ date: "2013-05-13", close: 50.961628 });
});

test("AAPL gained 270 % with its dividends, not the 190 % of its closes; no built-in has a move to explain", async () => {
  const gained = async (instrument: string) => {
    const { bars } = await load(instrument);
    return (bars.at(-1)?.close ?? 0) / (bars[0]?.close ?? 1) - 1;
  };
  expect(await gained("AAPL")).toBeCloseTo(2.7006, 4);
  const manifests = await Promise.all(
    ["SPX", "NDX", "AAPL"].map(async (instrument) => (await load(instrument)).manifest),
  );
  expect(manifests.map(({ prices }) => prices)).toEqual([
    "adjusted-close",
    "as-given",
    "adjusted-close",
  ]);
  expect(manifests.map(({ moves }) => moves.total)).toEqual([0, 0, 0]);
});

test("made-up opens are found: 96 % of SPX rows up to 2005, hardly any of AAPL", async () => {
  const { manifest, bars } = await load("SPX");
  const early = bars.filter(({ date }) => date < "2006");
  const stale = early.filter(({ open }, row) => open === early[row - 1]?.close).length;
  expect(stale / (early.length - 1)).toBeCloseTo(0.962, 3);
  for (const year of ["2000", "2001", "2002", "2003", "2004", "2005"]) {
    expect(manifest.staleOpenRatioByYear[year]).toBeGreaterThan(0.94);
  }
  expect(manifest.staleOpenRatioByYear["2019"]).toBe(0);
  expect(manifest.staleOpenRatio).toBeCloseTo(1760 / 5104, 4);
  expect((await load("AAPL")).manifest.staleOpenRatio).toBeLessThan(0.02);
});

test("the only long gap of the built-in data is the closure of September 2001", async () => {
  const closure = { after: "2001-09-10", before: "2001-09-17", days: 7 };
  expect((await load("SPX")).manifest.calendarGaps).toEqual([closure]);
  expect((await load("NDX")).manifest.calendarGaps).toEqual([closure]);
  expect((await load("AAPL")).manifest.calendarGaps).toEqual([]);
});

test("SPX and NDX share 3144 dates, row by row the same", async () => {
  const [spx, ndx] = await Promise.all([load("SPX"), load("NDX")]);
  const { dates, panel, droppedRows } = alignByDate([spx, ndx]);
  expect([dates.length, dates[0], dates.at(-1)]).toEqual([3144, "2000-01-03", "2012-06-29"]);
  expect(droppedRows).toEqual([1961, 3580]);
  for (const bars of panel) expect(bars.map(({ date }) => date)).toEqual(dates);
  expect(panel[1]?.[0]?.close).toBe(ndx.bars.find(({ date }) => date === "2000-01-03")?.close);
});

test("datasets without a shared date don't align", async () => {
  const [ndx, aapl] = await Promise.all([load("NDX"), load("AAPL")]);
  expect(() => alignByDate([ndx, aapl])).toThrow(
    /E_INVALID datasets: "NDX 1985-11-01 to 2012-06-29, AAPL 2013-/,
  );
  expect(() => alignByDate([])).toThrow(/at least one dataset/);
});

test("an instrument that isn't built in is not found, and the message lists those that are", async () => {
  for (const instrument of ["DAX", "spx", "__proto__", ""]) {
    expect(await caught(load(instrument))).toMatchObject({
      code: "E_NOT_FOUND",
      class: "spec",
      message: expect.stringContaining("SPX, NDX, AAPL"),
    });
  }
});

test("a file with one changed digit is refused as not the pinned one", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "prices.csv");
    await writeFile(path, "date,open,high,low,close\n2020-01-01,1,1,1,1\n");
    const changed = builtInMarketData({ SPX: { ...BUILT_INS.SPX, path: () => path } });
    expect(await caught(changed.load("SPX", signal))).toMatchObject({
      code: "E_ARTIFACT",
      class: "deterministic",
      message: expect.stringContaining("SHA-256 9409e9342d06"),
    });
  });
});

test("a package that isn't installed is named", async () => {
  const path = () => {
    throw new Error("Cannot find module");
  };
  const broken = builtInMarketData({ NDX: { ...BUILT_INS.NDX, path } });
  expect(await caught(broken.load("NDX", signal))).toMatchObject({
    code: "E_ARTIFACT",
    message: expect.stringContaining("dc@3.2.1/web/ndx.csv"),
  });
});

test("a load that was cancelled fails as transient and reads nothing", async () => {
  const failure = await caught(market.load("SPX", AbortSignal.abort()));
  expect(failure).toMatchObject({ code: "E_CANCELLED", class: "transient" });
});
