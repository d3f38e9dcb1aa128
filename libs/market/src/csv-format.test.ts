/** Files in other formats: one key tells each, the bars are the same, and the manifest says what was told. */
import { type CsvFormat, CsvTreatment, DescribedDataset } from "@baton/artifacts";
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

const HEADER = "date,open,high,low,close,volume";
const BARS = [
  { date: "2020-01-02", open: 10.5, high: 12, low: 9.25, close: 11, volume: 100 },
  { date: "2020-02-13", open: 11, high: 13, low: 10, close: 12.75, volume: 50 },
];
const REST = ["10.5,12,9.25,11,100", "11,13,10,12.75,50"];
const dated = (first: string, second: string) => [
  HEADER,
  `${first},${REST[0]}`,
  `${second},${REST[1]}`,
];

const ALL_FORMS = [
  ["YYYY-MM-DD", "2020-01-02", "2020-02-13"],
  ["YYYY/MM/DD", "2020/01/02", "2020/2/13"],
  ["YYYY.MM.DD", "2020.01.02", "2020.02.13"],
  ["YYYYMMDD", "20200102", "20200213"],
  ["DD.MM.YYYY", "02.01.2020", "13.2.2020"],
  ["DD/MM/YYYY", "02/01/2020", "13/02/2020"],
  ["DD-MM-YYYY", "02-01-2020", "13-02-2020"],
  ["MM/DD/YYYY", "01/02/2020", "2/13/2020"],
  ["YYYY-MM-DDThh:mm", "2020-01-02T00:00:00Z", "2020-02-13 23:30:00.5-05:00"],
] as const;

const FORMATS: readonly (readonly [what: string, format: CsvFormat, lines: readonly string[]])[] = [
  ["nothing told", {}, dated("2020-01-02", "2020-02-13")],
  ...ALL_FORMS.map(
    ([dateFormat, first, second]) =>
      [`dates as ${dateFormat}`, { dateFormat }, dated(first, second)] as const,
  ),
  [
    "semicolons",
    { delimiter: ";" },
    dated("2020-01-02", "2020-02-13").map((line) => line.replaceAll(",", ";")),
  ],
  [
    "bars",
    { delimiter: "|" },
    dated("2020-01-02", "2020-02-13").map((line) => line.replaceAll(",", "|")),
  ],
  [
    "newest first",
    { order: "newest-first" },
    [HEADER, `2020-02-13,${REST[1]}`, `2020-01-02,${REST[0]}`],
  ],
  [
    "columns with other names, some of them another column's",
    { columns: { date: "Day", close: "Last price", open: "close" } },
    [
      "Day,close,high,low,last_price,volume,open",
      "2020-01-02,10.5,12,9.25,11,100,7",
      "2020-02-13,11,13,10,12.75,50,7",
    ],
  ],
  [
    "a European export",
    {
      columns: {
        date: "Datum",
        open: "Eröffnung",
        high: "Hoch",
        low: "Tief",
        close: "Schluss",
        volume: "Volumen",
      },
      dateFormat: "DD.MM.YYYY",
      decimal: ",",
      delimiter: ";",
      order: "newest-first",
    },
    [
      "Datum;Eröffnung;Hoch;Tief;Schluss;Volumen",
      "13.02.2020;11;13;10,0;12,75;50",
      "02.01.2020;10,5;12,00;9,25;11;100",
    ],
  ],
  [
    "a tab-separated export with names in brackets",
    {
      columns: {
        date: "<DATE>",
        open: "<OPEN>",
        high: "<HIGH>",
        low: "<LOW>",
        close: "<CLOSE>",
        volume: "<TICKVOL>",
      },
      dateFormat: "YYYY.MM.DD",
      delimiter: "tab",
    },
    [
      "<DATE>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<NOTE>\t<SPREAD>",
      "2020.01.02\t10.50\t12.00\t9.25\t11.00\t100\t\t2",
      "2020.02.13\t11.00\t13.00\t10.00\t12.75\t50\t\t2",
    ],
  ],
];

test.each(FORMATS)("%s: the right bars, and the manifest says how", async (_, format, lines) => {
  const { bars, manifest } = await load(lines, format);
  expect(bars).toEqual(BARS);
  expect(manifest.format ?? {}).toEqual(format);
  expect(manifest).toMatchObject({ start: "2020-01-02", end: "2020-02-13", nullRate: 0 });
  expect(DescribedDataset.parse(manifest)).toEqual(manifest);
  expect("format" in manifest).toBe(Object.keys(format).length > 0);
});

test("an empty cell between tabs stays one", async () => {
  const lines = dated("2020-01-02", "2020-02-13").map((line) => line.replaceAll(",", "\t"));
  const [header = "", first = "", second = ""] = lines;
  const { bars, manifest } = await load(
    [header, first.replace(/100$/, ""), second].map((line) => `x\t${line}`),
    { delimiter: "tab" },
  );
  expect(bars.map(({ volume }) => volume)).toEqual([0, 50]);
  expect(manifest.nullRate).toBe(1 / 12);
});

/** What stands in a message between "write " and "beside the path". */
const told = (action: string) =>
  [...action.matchAll(/([a-zA-Z]+): "([^"]+)"/g)].map(([, key, value]) => [key, value]);

test.each(ALL_FORMS.filter(([form]) => !["YYYY-MM-DD", "MM/DD/YYYY"].includes(form)))(
  "a date as %s that isn't told is refused with the key that tells it",
  async (form, first, second) => {
    // A day past 12, so that no other form fits.
    const dates = /^(?:YYYY|DD[.-])/.test(form) ? [first, second] : [second, first];
    const { action } = await caught(load(dated(dates[0] ?? "", dates[1] ?? "")));
    expect(told(action)).toEqual([["dateFormat", form]]);
    expect(action).toContain("beside the path");
  },
);

test.each([
  [
    ";",
    "date;open;high;low;close",
    [
      ["delimiter", ";"],
      ["decimal", ","],
    ],
  ],
  [
    "|",
    "date|open|high|low|close",
    [
      ["delimiter", "|"],
      ["decimal", ","],
    ],
  ],
  [
    "tab",
    "<DATE>\t<OPEN>\t<HIGH>\t<LOW>",
    [
      ["delimiter", "tab"],
      ["decimal", ","],
    ],
  ],
])("values between %j are refused with the key that tells it", async (_, header, keys) => {
  expect(told((await caught(load([header, "1"]))).action)).toEqual(keys);
});

const HALF: CsvFormat = { delimiter: ";" };
test.each<readonly [string, CsvFormat, readonly string[], RegExp]>([
  [
    "a decimal comma",
    HALF,
    ["date;open;high;low;close", "2020-01-02;10,5;12;9;11"],
    /write decimal: "," beside the path/,
  ],
  [
    "other names",
    HALF,
    ["Datum;Auf;Hoch;Tief;Schluss", "2020-01-02;1;1;1;1"],
    /write columns: \{ date: "its name in the header" \} beside the path/,
  ],
  [
    "one other name",
    {},
    ["date,open,high,low,last", "2020-01-02,1,1,1,1"],
    /write columns: \{ close: "its name in the header" \} beside the path/,
  ],
  [
    "the newest row first",
    {},
    [HEADER, `2020-02-13,${REST[1]}`, `2020-01-02,${REST[0]}`],
    /write order: "newest-first" beside the path/,
  ],
])("%s is refused with the key that tells it", async (_, format, lines, next) => {
  expect((await caught(load(lines, format))).action).toMatch(next);
});

test.each<readonly [string, CsvFormat, readonly string[], RegExp]>([
  [
    "a decimal comma and no delimiter",
    { decimal: "," },
    dated("2020-01-02", "2020-02-13"),
    /csv\.decimal.*another delimiter than/,
  ],
  [
    "a decimal comma and commas between values",
    { decimal: ",", delimiter: "," },
    dated("2020-01-02", "2020-02-13"),
    /csv\.decimal.*another delimiter than/,
  ],
  [
    "one column under two keys",
    { columns: { open: "Close", close: "close" } },
    dated("2020-01-02", "2020-02-13"),
    /csv\.columns\.close: "close".*a column of its own/,
  ],
  [
    "a column that isn't there",
    { columns: { volume: "Turnover" } },
    dated("2020-01-02", "2020-02-13"),
    /one column \\?"Turnover\\?", as csv\.columns\.volume says/,
  ],
  [
    "a date in another form than was told",
    { dateFormat: "DD.MM.YYYY" },
    dated("2020-01-02", "2020-02-13"),
    /line 2, column 1 \(date\): "2020-01-02".*DD\.MM\.YYYY, as csv\.dateFormat says/,
  ],
  [
    "a day that isn't",
    { dateFormat: "DD.MM.YYYY" },
    dated("31.04.2020", "01.05.2020"),
    /line 2, column 1 \(date\): "31\.04\.2020"/,
  ],
  [
    "two times of one day",
    { dateFormat: "YYYY-MM-DDThh:mm" },
    dated("2020-01-02T10:00", "2020-01-02T11:00"),
    /line 3, column 1 \(date\).*one row per date/,
  ],
  [
    "the oldest first where the newest was told",
    { order: "newest-first" },
    dated("2020-01-02", "2020-02-13"),
    /line 3.*descending dates, as csv\.order says/,
  ],
  [
    "a point where a decimal comma was told",
    { decimal: ",", delimiter: ";" },
    ["date;open;high;low;close", "2020-01-02;1.234;2000;1;11"],
    /line 2, column 2 \(open\): "1\.234".*thousands separators/,
  ],
  [
    "commas where another delimiter was told",
    { delimiter: ";" },
    dated("2020-01-02", "2020-02-13"),
    /stand between commas.*delimiter: ","/,
  ],
])("%s is refused by name", async (_, format, lines, message) => {
  const error = await caught(load(lines, format));
  expect(error).toMatchObject({ code: "E_INVALID", class: "spec" });
  expect(error.message).toMatch(message);
  expect(error.message).toContain("prices.csv");
});

test("stale opens are counted in the order of time", async () => {
  const lines = ["date,open,high,low,close", "2020-01-03,2,3,2,3", "2020-01-02,1,2,1,2"];
  const { manifest } = await load(lines, { order: "newest-first" });
  expect(manifest.staleOpenRatio).toBe(1);
});
