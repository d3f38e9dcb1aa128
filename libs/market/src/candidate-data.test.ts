import { createHash } from "node:crypto";

import type { DatasetManifest } from "@baton/artifacts";
import { expect, test } from "vitest";

import {
  type CandidateSource,
  loadCandidateData,
  loadDeclaredData,
  loadResearchData,
  manifestOf,
} from "./candidate-data.ts";
import { DataFailure } from "./data-failure.ts";

const DAY_MS = 86_400_000;

/** Daily closes from a date on, on the days that `kept` says yes to by weekday. */
function csvOf(start: string, days: number, kept: (weekday: number) => boolean): Uint8Array {
  const lines = Array.from({ length: days }, (_, day) => new Date(Date.parse(start) + day * DAY_MS))
    .filter((date) => kept(date.getUTCDay()))
    .map((date, row) => {
      const close = 100 + (row % 9);
      return `${date.toISOString().slice(0, 10)},${close},${close + 1},${close - 1},${close}`;
    });
  return new TextEncoder().encode(["date,open,high,low,close", ...lines].join("\n"));
}

const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

function source(
  files: Readonly<Record<string, Uint8Array>>,
  treatment: object = {},
): CandidateSource {
  return {
    universe: Object.entries(files).map(([instrument, bytes]) => ({
      instrument,
      csv: { sha256: digest(bytes), bytes: bytes.length, ...treatment },
    })),
    store: {
      fetch: (sha256) => {
        const found = Object.values(files).find((bytes) => digest(bytes) === sha256);
        return found ? Promise.resolve(found) : Promise.reject(new Error("not stored"));
      },
      signal: AbortSignal.timeout(60_000),
    },
  };
}

const daily = (weekday: number) => weekday > 0 && weekday < 6;
const always = () => true;
const fridays = (weekday: number) => weekday === 5;

async function failureOf(load: Promise<unknown>): Promise<DataFailure> {
  const error = await load.then(
    () => new Error("loaded"),
    (thrown: unknown) => thrown,
  );
  if (error instanceof DataFailure) return error;
  throw error;
}

test("instruments whose dates differ are cut to the dates that all have, and it is said how many rows that cost", async () => {
  const stocks = csvOf("2015-01-01", 1461, daily);
  const coins = csvOf("2016-01-01", 2000, always);
  const { datasets, barsPerYear } = await loadCandidateData(source({ STOCK: stocks, COIN: coins }));
  const [stock, coin] = datasets;
  expect(stock?.bars.map(({ date }) => date)).toEqual(coin?.bars.map(({ date }) => date));
  expect(stock?.manifest).toMatchObject({ start: "2016-01-01", end: "2018-12-31", rows: 782 });
  expect(stock?.manifest.droppedRows).toBe(1043 - 782);
  expect(coin?.manifest).toMatchObject({ rows: 782, droppedRows: 2000 - 782, calendarGaps: [] });
  expect(barsPerYear).toBe(261);
});

test.each([
  ["weekly", fridays, 52, 7],
  ["seven-day", always, 365, 1],
  ["five-day", daily, 261, 1],
] as const)(
  "%s bars have as many a year as their dates say, and no gaps",
  async (_, kept, bars, spacing) => {
    const data = await loadCandidateData(source({ MINE: csvOf("2010-01-01", 3000, kept) }));
    expect(data).toMatchObject({ barsPerYear: bars, spacingDays: spacing });
    expect(data.datasets[0]?.manifest.calendarGaps).toEqual([]);
  },
);

test("a week that is missing among weekly bars is a gap", async () => {
  const text = new TextDecoder().decode(csvOf("2010-01-01", 3000, fridays)).split("\n");
  text.splice(50, 1);
  const bytes = new TextEncoder().encode(text.join("\n"));
  const { datasets } = await loadCandidateData(source({ MINE: bytes }));
  expect(datasets[0]?.manifest.calendarGaps).toMatchObject([{ days: 14 }]);
});

const mixed = new TextEncoder().encode(
  new TextDecoder().decode(csvOf("2010-01-01", 1500, fridays)) +
    new TextDecoder()
      .decode(csvOf("2015-01-01", 1500, daily))
      .slice("date,open,high,low,close".length),
);
const damaged = new TextEncoder().encode("date,open,high,low,close\n2020-01-01,1,2,0.5,x\n");

test.each([
  ["a damaged file", { MINE: damaged }, /line 2, column 5 \(close\)/],
  ["spacing that changes", { MINE: mixed }, /52 bars a year/],
  [
    "no shared date",
    { A: csvOf("2010-01-01", 99, daily), B: csvOf("2012-01-01", 99, daily) },
    /A 2010-01-01 to 2010-04-09, B 2012/,
  ],
])(
  "%s is the specification's fault, with the same code for whoever loads it",
  async (_, files, message) => {
    const manifest: DatasetManifest = {
      schemaVersion: "baton.dataset-manifest.v1",
      candidateId: "cand-0123456789ab",
      runId: "run-0123456789ab",
      barsPerYear: 252,
      spacingDays: 1,
      datasets: [],
      holdoutRows: 60,
      fills: "close",
    };
    const of = source(files);
    const loads = [
      loadCandidateData(of),
      loadDeclaredData(of, manifest),
      loadResearchData(of, manifest),
    ];
    for (const failure of await Promise.all(loads.map(failureOf))) {
      expect(failure).toMatchObject({ class: "spec", code: "E_DATA" });
      expect(failure.message).toMatch(message);
    }
  },
);

async function declared(of: CandidateSource, holdoutRows = 100): Promise<DatasetManifest> {
  return {
    schemaVersion: "baton.dataset-manifest.v1",
    candidateId: "cand-0123456789ab",
    runId: "run-0123456789ab",
    ...manifestOf(await loadCandidateData(of), holdoutRows),
    fills: "close",
  };
}

test("what was declared is loaded again, held-back rows only for those who may see them", async () => {
  const of = source({ MINE: csvOf("2010-01-01", 1000, daily) });
  const manifest = await declared(of);
  const [whole] = await loadDeclaredData(of, manifest);
  const [research] = await loadResearchData(of, manifest);
  expect([whole?.bars.length, whole?.cut, research?.bars.length]).toEqual([714, 614, 614]);
  expect(research?.bars.at(-1)?.date).toBe(manifest.datasets[0]?.research.end);
});

test("data, or a way to read it, that isn't the declared one is a change and names what differs", async () => {
  const of = source({ MINE: csvOf("2010-01-01", 1000, daily) });
  const manifest = await declared(of);
  const other = source({ MINE: csvOf("2010-01-01", 1001, daily) });
  const real = source({ MINE: csvOf("2010-01-01", 1000, daily) }, { realMoves: ["2010-01-04"] });
  const changed = { class: "deterministic", code: "E_DATA_CHANGED" };
  for (const [now, message] of [
    [other, /MINE: sha256 is "/],
    [real, /MINE: realMoves is \["2010-01-04"\], the manifest says \[\]/],
  ] as const) {
    const failure = await failureOf(loadDeclaredData(now, manifest));
    expect(failure).toMatchObject(changed);
    expect(failure.message).toMatch(message);
  }
  const wrongYear = await failureOf(loadResearchData(of, { ...manifest, barsPerYear: 252 }));
  expect(wrongYear.message).toMatch(/261 bars a year, the manifest says 252/);
});

test("a file that is read in another format than was declared is other data", async () => {
  const bytes = csvOf("2015-01-01", 400, daily);
  const plainly = source({ MINE: bytes });
  const told = source({ MINE: bytes }, { dateFormat: "YYYY-MM-DD" });
  const manifestFor = async (of: CandidateSource) =>
    ({
      ...manifestOf(await loadCandidateData(of), 60),
      schemaVersion: "baton.dataset-manifest.v1",
      candidateId: "x",
      runId: "y",
      fills: "close",
    }) satisfies DatasetManifest;
  for (const [before, now] of [
    [plainly, told],
    [told, plainly],
  ] as const) {
    const failure = await failureOf(loadDeclaredData(now, await manifestFor(before)));
    expect(failure.message).toContain("MINE: format is ");
  }
  expect(await loadDeclaredData(told, await manifestFor(told))).toHaveLength(1);
});
