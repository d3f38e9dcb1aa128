/** What people bring that isn't the CSV they meant: the message says what it looks like and what to write. */
import { expect, test } from "vitest";

import { csvMarketData } from "./csv-market-data.ts";
import { caught } from "./market-drill.test.fixture.ts";

const load = (csv: string, instrument = "MINE") =>
  csvMarketData({
    [instrument]: { bytes: new TextEncoder().encode(csv), name: "csv:0123", called: "prices.csv" },
  }).load(instrument, AbortSignal.timeout(60_000));
const HEADER = "date,open,high,low,close";
const refused = (...lines: readonly string[]) => caught(load(lines.join("\n")));
const row = (date: string, open = "1") => `${date},${open},2,1,1`;

test.each([
  ["day first", ["13/01/2020"], /looks like a date with the day first: .* this one as 2020-01-13/],
  ["day first, later", ["01/02/2020", "02/02/2020", "13/02/2020"], /line 4.*as 2020-02-13/],
  ["dots", ["31.12.2019"], /day first: .* 2019-12-31/],
  ["a serial number", ["43831"], /spreadsheet's serial number of a day: .* 2020-01-01/],
  ["a serial number with a time", ["43831.5"], /serial number.*2020-01-01/],
  ["slashes", ["2016/01/04"], /two dashes and ten characters: .* 2016-01-04/],
  ["no dashes", ["20160104"], /two dashes and ten characters: .* 2016-01-04/],
  ["single digits", ["2016-1-4"], /two dashes and ten characters: .* 2016-01-04/],
  ["a time of day", ["2016-01-04T00:00:00Z"], /with a time of day: .* 2016-01-04/],
  ["seconds since 1970", ["1451865600"], /since 1970: .* 2016-01-04/],
])("dates with %s are named for what they are", async (_, dates, message) => {
  const error = await refused(HEADER, ...dates.map((date) => row(date)));
  expect(error).toMatchObject({ code: "E_INVALID", class: "spec" });
  expect(error.message).toMatch(message);
  expect(error.message).toContain("prices.csv line");
});

test("a first date in no form isn't held against the first row", async () => {
  const error = await refused(HEADER, row("Monday"));
  expect(error.message).not.toContain("as in the first row");
  expect(error.rule).toContain("YYYY-MM-DD");
});

test.each([
  ['"1,234.5"', "thousands separators"],
  ['"10,5"', "decimal comma"],
  ['"1.234,5"', "decimal comma"],
  ["$10", "its currency"],
])("a number written %s is named for what it is", async (open, what) => {
  expect((await refused(HEADER, row("2020-01-01", open))).action).toContain(what);
});

test.each([
  ["a web page", ["<!DOCTYPE html>", "<html><body>Sign in</body></html>"], /a web page \(HTML\)/],
  ["JSON", ['{"Error Message": "Invalid API call"}'], /looks like JSON/],
  [
    "a vendor's message",
    ["Thank you for using our service! Please subscribe, or call less often."],
    /looks like a message or a title/,
  ],
  ["semicolons", ["date;open;high;low;close", "2020-01-01;1;1;1;1"], /stand between ";"/],
  ["tabs", ["date\topen\thigh\tlow\tclose"], /stand between "\\t"/],
  ["no header", ["2020-01-01,1,1,1,1"], /looks like a row of prices/],
  [
    "three header lines",
    ["Price,Close,High,Low,Open,Volume", "Ticker,AAPL,AAPL,AAPL,AAPL,AAPL", "Date,,,,,"],
    /the three that yfinance writes"; make the first line Date,Close,High,Low,Open,Volume and take lines 2 and 3 out/,
  ],
])("%s under the name of a CSV is named for what it is", async (_, lines, message) => {
  const error = await refused(...lines);
  expect(error).toMatchObject({ code: "E_INVALID", class: "spec" });
  expect(error.message).toMatch(message);
});

test("line ends of both kinds in one file are read, and lines still count right", async () => {
  const { bars } = await load(
    `${HEADER}\r\n${row("2020-01-01")}\n${row("2020-01-02")}\r\n${row("2020-01-03")}\n`,
  );
  expect(bars.map(({ date }) => date)).toEqual(["2020-01-01", "2020-01-02", "2020-01-03"]);
  const mixed = `${HEADER}\r\n${row("2020-01-01")}\n${row("2020-01-02")}\r\n${row("2020-01-03", "x")}\n`;
  expect((await caught(load(mixed))).where).toBe("prices.csv line 4, column 2 (open)");
});

test("everything wrong is named in its order, several in one row, twenty at most", async () => {
  const error = await refused(
    HEADER,
    row("2020-01-01"),
    "2020-13-01,x,2,1,y",
    "2020-01-03,1,2,1",
    row("2020-01-04"),
    row("2020-01-04"),
    row("2020-01-05", "3"),
  );
  expect([error, ...error.others].map(({ where }) => where.replace("prices.csv ", ""))).toEqual([
    "line 3, column 1 (date)",
    "line 3, column 2 (open)",
    "line 3, column 5 (close)",
    "line 4",
    "line 6, column 1 (date)",
    "line 7, column 3 (high)",
  ]);
  expect(error.message).toContain("also wrong: prices.csv line 3, column 2 (open), ");
  const many = await refused(HEADER, ...Array.from({ length: 500 }, () => "x,x,x,x,x"));
  expect(many.others).toHaveLength(19);
});

test("newest first is one fault and not one per row, and says to sort", async () => {
  const dates = ["2020-01-05", "2020-01-04", "2020-01-03", "2020-01-02"];
  const error = await refused(HEADER, ...dates.map((date) => row(date)));
  expect(error.others).toEqual([]);
  expect(error.action).toContain("sort the rows by date, the oldest first");
});

test("every missing column is named", async () => {
  const error = await refused("date,close", "2020-01-01,1");
  expect([error, ...error.others].map(({ rule }) => rule)).toEqual(
    ["open", "high", "low"].map((name) => `a header with one column "${name}"`),
  );
});

test.each(["7203.T", "005930.KS", "0700.HK", "BRK-B", "SPX"])("%s is a ticker", async (name) => {
  const { manifest } = await load([HEADER, row("2020-01-01")].join("\n"), name);
  expect(manifest.instrument).toBe(name);
});

test.each(["7203", ".T", "spx", "", "A".repeat(17)])(
  "%j is none, by the rule as it is said",
  async (name) => {
    const error = await caught(load([HEADER, row("2020-01-01")].join("\n"), name));
    expect(error.rule).toContain("a letter or digit first and at least one letter");
  },
);

test("a spreadsheet under the name of a CSV is named for what it is", async () => {
  const bytes = new Uint8Array([0x50, 0x4b, 3, 4, 0xff, 0xfe, 0]);
  const market = csvMarketData({ MINE: { bytes, name: "prices.csv" } });
  const error = await caught(market.load("MINE", AbortSignal.timeout(60_000)));
  expect(error.message).toMatch(/looks like a spreadsheet \(\.xlsx\).*export the sheet as CSV/);
});

test.each([3, 500])(
  "a quote that isn't closed is named by its line, %i rows below",
  async (rows) => {
    const below = Array.from({ length: rows }, () => row("2020-01-03"));
    const error = await refused(HEADER, row("2020-01-01"), "", '2020-01-02,"1,2,1,1', ...below);
    expect(error).toMatchObject({ code: "E_INVALID", where: "prices.csv line 4" });
    expect(error.rule).toContain("one is opened and not closed");
    expect(error.message).not.toContain("CSV_");
  },
);
