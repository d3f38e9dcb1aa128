import { execFileSync } from "node:child_process";
import { mkdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { DescribedDataset } from "@baton/artifacts";
import { expect, test } from "vitest";

import { builtInMarketData } from "./built-in-market-data.ts";
import { csvMarketData } from "./csv-market-data.ts";
import { caught, inFolder } from "./market-drill.test.fixture.ts";

const signal = AbortSignal.timeout(60_000);
const MAKE_PIPE = "mkfifo";
const HEADER = "date,open,high,low,close,volume";
const ROW = "2024-01-02,10,12,9,11,100";

const text = (csv: string | Uint8Array) =>
  csvMarketData({
    MINE: {
      bytes: typeof csv === "string" ? new TextEncoder().encode(csv) : csv,
      name: "mine.csv",
    },
  }).load("MINE", signal);

test("columns are found in any case and order, with quotes, spaces, a byte order mark and CRLF", async () => {
  const { manifest, bars } = await text(
    '\uFEFF"Close", Adj Close,VOLUME,note,Low,High,Open,Date\r\n' +
      '11,11,,"a, ""b""",9,12,10,1/2/2024\r\n\r\n1.15e1,11.5,7,,9,12,+10.0,01/03/2024\r\n',
  );
  expect(bars).toEqual([
    { date: "2024-01-02", open: 10, high: 12, low: 9, close: 11, volume: 0 },
    { date: "2024-01-03", open: 10, high: 12, low: 9, close: 11.5, volume: 7 },
  ]);
  // One of fourteen cells is empty: a volume.
  expect(manifest).toMatchObject({ instrument: "MINE", source: "mine.csv", nullRate: 1 / 14 });
  expect(DescribedDataset.parse(manifest)).toEqual(manifest);
});

test("volume may be missing altogether; gaps and stale opens are counted", async () => {
  const { manifest, bars } = await text(
    "date,open,high,low,close\n2023-12-29,10,10,10,10\n2024-01-03,10,11,9,9\n2024-01-09,9,9,8,8\n2024-01-10,7,9,7,8\n2024-01-11,7,9,7,8\n2024-01-12,7,9,7,8",
  );
  expect(bars.every(({ volume }) => volume === 0)).toBe(true);
  expect(manifest).toMatchObject({
    rows: 6,
    nullRate: 0,
    calendarGaps: [{ after: "2024-01-03", before: "2024-01-09", days: 6 }],
    staleOpenRatio: 2 / 5,
    staleOpenRatioByYear: { "2024": 2 / 5 },
  });
});

const rowsAfter = (...rows: readonly string[]) => [HEADER, ROW, ...rows].join("\n");

test.each([
  ["a missing price", rowsAfter("2024-01-03,,12,9,11,1"), /line 3, column 2 \(open\): ""/],
  ["a word for a price", rowsAfter("2024-01-03,10,abc,9,11,1"), /line 3, column 3 \(high\): "abc"/],
  [
    "an infinite price",
    rowsAfter("2024-01-03,10,12,9,Infinity,1"),
    /column 5 \(close\): "Infinity"/,
  ],
  ["an overflowing price", rowsAfter("2024-01-03,10,1e400,9,11,1"), /column 3 \(high\): "1e400"/],
  ["a hexadecimal price", rowsAfter("2024-01-03,0x10,12,9,11,1"), /\(open\): "0x10"/],
  ["a thousands separator", rowsAfter('2024-01-03,"1,000",1200,9,11,1'), /\(open\): "1,000"/],
  ["a price of 0", rowsAfter("2024-01-03,10,12,0,11,1"), /column 4 \(low\): "0" breaks/],
  ["a negative price", rowsAfter("2024-01-03,10,12,-9,11,1"), /\(low\): "-9"/],
  ["a negative volume", rowsAfter("2024-01-03,10,12,9,11,-1"), /column 6 \(volume\): "-1"/],
  ["a high below the close", rowsAfter("2024-01-03,10,10.5,9,11,1"), /\(high\): "10.5".*highest/],
  ["a low above the open", rowsAfter("2024-01-03,10,12,10.5,11,1"), /\(low\): "10.5".*lowest/],
  [
    "a repeated date",
    rowsAfter("2024-01-02,10,12,9,11,1"),
    /line 3, column 1 \(date\).*one row per date/,
  ],
  ["a date before the last", rowsAfter("2024-01-01,10,12,9,11,1"), /ascending dates.*2024-01-02/],
  ["a day that isn't", rowsAfter("2024-02-30,10,12,9,11,1"), /\(date\): "2024-02-30"/],
  ["a month that isn't", rowsAfter("2024-13-01,10,12,9,11,1"), /\(date\): "2024-13-01"/],
  ["two forms of date", rowsAfter("01/03/2024,10,12,9,11,1"), /written YYYY-MM-DD/],
  [
    "a first date in no form",
    `${HEADER}\n2.1.2024,10,12,9,11,1`,
    /line 2, column 1 \(date\): "2.1.2024"/,
  ],
  ["a short row", rowsAfter("2024-01-03,10,12,9,11"), /line 3: .*6 values/],
  ["a long row", rowsAfter("2024-01-03,10,12,9,11,1,2"), /line 3: .*6 values/],
  [
    "a bad adjusted close",
    "date,open,high,low,close,adj close\n2024-01-02,1,1,1,1,-1",
    /\(adjclose\): "-1"/,
  ],
  ["no close", "date,open,high,low\n2024-01-02,1,1,1", /line 1: .*one column "close"/],
  ["two dates", `Date,${HEADER}\n2024-01-02,${ROW}`, /one column "date".*remove the second/],
  ["other separators", "date;open;high;low;close\n2024-01-02;1;1;1;1", /line 1: "date;open;high/],
  ["a header alone", HEADER, /"no rows"/],
  ["nothing", "", /line 1: "" breaks/],
  ["an open quote", `${HEADER}\n"2024-01-02,1,1,1,1`, /line 2: .*one is opened and not closed/],
  [
    "a quote inside",
    rowsAfter('2024-01-03,1"0,12,9,11,1'),
    /line 3: .*quotes only around a whole value/,
  ],
  [
    "a row after a blank line",
    `${HEADER}\n\n\n2024-01-03,x,12,9,11,1`,
    /line 4, column 2 \(open\)/,
  ],
])("%s is refused with its place and value", async (_, csv, message) => {
  const error = await caught(text(csv));
  expect(error).toMatchObject({ code: "E_INVALID", class: "spec" });
  expect(error.message).toMatch(message);
  expect(error.message).toContain("mine.csv");
});

test("bytes that aren't UTF-8 are named by line and byte", async () => {
  const latin = Buffer.concat([
    Buffer.from(`${HEADER}\n2024-`),
    Buffer.from([0xe9]),
    Buffer.from("1\n"),
  ]);
  expect((await caught(text(latin))).message).toContain('mine.csv line 2, byte 6: "0xe9"');
  const cut = Buffer.concat([Buffer.from(`${HEADER}\n`), Buffer.from([0xe2, 0x82])]);
  expect((await caught(text(cut))).message).toContain('line 2, byte 1: "0xe2"');
  const utf16 = Buffer.from(`\uFEFF${rowsAfter()}`, "utf16le");
  expect((await caught(text(utf16))).message).toContain('line 1, byte 1: "0xff"');
});

test("a value is shown escaped and cut, so nothing in a file acts on a terminal", async () => {
  const { message } = await caught(
    text(rowsAfter(`2024-01-03,\u001b]0;owned\u0007\u202e${"9".repeat(200)}x,12,9,11,1`)),
  );
  expect(message).toContain("\\u001b]0;owned\\u0007\\u202e999");
  expect(message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(message.length).toBeLessThan(300);
});

test("a line or a file past its limit is refused as such", async () => {
  const long = await caught(text(rowsAfter(`2024-01-03,${"9".repeat(5000)}`)));
  expect(long).toMatchObject({ code: "E_LIMIT", class: "spec" });
  const wide = await caught(text(`${HEADER}${",x".repeat(60)}\n`));
  expect(wide.message).toMatch(/E_LIMIT.*66 breaks the rule "at most 64 columns"/);
  const tall = await caught(text(`${HEADER}\n${`${ROW}\n`.repeat(100_001)}`));
  expect(tall.message).toMatch(/E_LIMIT mine.csv line 100002.*100000 rows/);
  const heavy = await caught(text(new Uint8Array(50 * 1024 * 1024 + 1)));
  expect(heavy.message).toMatch(/E_LIMIT mine.csv: 52428801/);
});

test("a file is read by its path, and the manifest keeps its name but not its folder", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "my prices.csv");
    await writeFile(path, rowsAfter("2024-01-03,10,12,9,11,1"));
    const { manifest } = await csvMarketData({ MINE: { path } }).load("MINE", signal);
    expect(manifest).toMatchObject({ source: "my prices.csv", rows: 2 });
    expect(manifest.sha256).toBe(
      (await text(rowsAfter("2024-01-03,10,12,9,11,1"))).manifest.sha256,
    );
  });
});

test("a missing file, a directory, a pipe and a huge file are refused, each in its words", async () => {
  await inFolder(async (folder) => {
    const at = async (name: string) =>
      caught(csvMarketData({ MINE: { path: join(folder, name) } }).load("MINE", signal));
    await mkdir(join(folder, "prices"));
    execFileSync(MAKE_PIPE, [join(folder, "pipe.csv")]);
    await writeFile(join(folder, "huge.csv"), "");
    await truncate(join(folder, "huge.csv"), 50 * 1024 * 1024 + 1);
    expect(await at("none.csv")).toMatchObject({ code: "E_NOT_FOUND", class: "spec" });
    expect(await at("huge.csv/x.csv")).toMatchObject({ code: "E_NOT_FOUND", class: "spec" });
    expect((await at("prices")).message).toMatch(/E_INVALID.*"a directory"/);
    expect((await at("pipe.csv")).message).toMatch(/E_INVALID.*"not a regular file"/);
    expect((await at("huge.csv")).message).toMatch(/E_LIMIT.*52428801/);
    expect(await at("a\0b")).toMatchObject({ code: "E_INVALID", class: "spec" });
    expect(await at("n".repeat(300))).toMatchObject({ code: "E_INVALID", class: "spec" });
  });
});

test("what isn't among the user's files comes from the other source, if there is one", async () => {
  const mine = { MINE: { bytes: new TextEncoder().encode(rowsAfter()), name: "mine.csv" } };
  const both = csvMarketData(mine, builtInMarketData());
  expect((await both.load("AAPL", signal)).manifest.rows).toBe(1260);
  expect((await both.load("MINE", signal)).manifest.rows).toBe(1);
  expect(await caught(csvMarketData(mine).load("AAPL", signal))).toMatchObject({
    code: "E_NOT_FOUND",
    message: expect.stringContaining("one of MINE"),
  });
  const odd = { "../mine": mine.MINE };
  expect((await caught(csvMarketData(odd).load("../mine", signal))).message).toMatch(
    /a letter or digit first/,
  );
});
