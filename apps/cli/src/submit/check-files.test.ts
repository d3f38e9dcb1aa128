/** `submit --check` in real processes, without a server: everything that is wrong with a file, at once. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { parseSpec } from "@baton/client";
import { candidateIdOf } from "@baton/playbook";
import { temporaryFolder } from "@baton/testkit";
import { afterAll, expect, test } from "vitest";

import { baton } from "../testing/run-baton.ts";

const examples = join(import.meta.dirname, "../../../../examples/candidates");
const folder = temporaryFolder("check-files");
afterAll(() => folder.remove());
const trend = readFileSync(join(examples, "trend.yaml"));
writeFileSync(join(folder.path, "trend.yaml"), trend);
const inFolder = { cwd: folder.path };

const DAY_MS = 86_400_000;
/** So many days of prices; some lines are others. */
function csv(rows: number, instead: Readonly<Record<number, string>> = {}): string {
  const lines = Array.from({ length: rows }, (_, row) => {
    const date = new Date(Date.UTC(2010, 0, 1) + row * DAY_MS).toISOString().slice(0, 10);
    const close = 100 + (row % 50);
    return instead[row + 2] ?? `${date},${close},${close + 1},${close - 1},${close}`;
  });
  return ["date,open,high,low,close", ...lines].join("\n");
}

/** trend.yaml with other lines. */
function spec(name: string, changes: readonly (readonly [string, string])[]): string {
  let text = trend.toString();
  for (const [from, to] of changes) text = text.replace(from, to);
  writeFileSync(join(folder.path, name), text);
  return name;
}

const mine = (path: string) =>
  ["  - instrument: NDX", `  - instrument: MINE\n    csv: { path: ${path} }`] as const;

test("what fits is told with its id, trials and rows, as JSON too", async () => {
  const { code, stdout } = await baton(["submit", "trend.yaml", "--check", "--json"], inFolder);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    candidateId: candidateIdOf(parseSpec(trend, "trend.yaml")),
    name: "Long trend of the NASDAQ-100",
    trials: 3,
    instruments: ["NDX"],
    rows: 6724,
    rowsNeeded: 2764,
    barsPerYear: 252,
    data: [{ instrument: "NDX", prices: "as-given", ignoredColumns: ["oi"] }],
  });
});

test("a missing schema, an unknown plugin, instrument and key, and a missing CSV are named together", async () => {
  const file = spec("wrong.yaml", [
    ["schema: baton.candidate.v1\n", ""],
    ["plugin: sma-cross", "plugin: sma-crss"],
    [
      "  - instrument: NDX",
      "  - instrument: DAX\n  - { instrument: MINE, csv: { path: none.csv } }",
    ],
    ["costBps: 5", "costsBps: 5"],
  ]);
  const { code, stdout, stderr } = await baton(["submit", file, "--check"], inFolder);
  expect([code, stdout]).toEqual([3, ""]);
  expect(stderr).toContain("wrong.yaml: 5 wrong places; nothing of it was stored or sent");
  for (const line of [
    '- universe[1].csv.path is "none.csv": ',
    '- schema is nothing: expected "baton.candidate.v1"',
    "- costsBps is 5: unknown key; known here: schema, name",
    '- universe[0].instrument is "DAX": neither built in (SPX, NDX, AAPL) nor given as csv',
    '- strategy.plugin is "sma-crss": no such plugin; there are sma-cross',
  ])
    expect(stderr).toContain(line);
  expect(stderr).not.toContain("--unchecked");
});

test("a grid's unknown key and too few rows are told before anything is sent", async () => {
  const grid = spec("grid.yaml", [["{ fast: 40, slow: 160 }", "{ fast: 40, slw: 160 }"]]);
  const wrong = await baton(["submit", grid], inFolder);
  expect(wrong.code).toBe(3);
  expect(wrong.stderr).toContain("strategy.grid[0].slw is 160: sma-cross: ");
  const short = await baton(["submit", spec("short.yaml", [["NDX", "AAPL"]])], inFolder);
  expect(short.code).toBe(3);
  expect(short.stderr).toContain('universe[0].instrument is "AAPL": 2764 rows are needed');
  expect(short.stderr).toContain("239 before the first fold, 1008 to train on, 5 purged, 5 x 252");
  expect(short.stderr).toContain("AAPL has 1260; less is needed with smaller walkForward.testRows");
});

test("windows of its own take fewer rows, within what the playbook allows", async () => {
  const windows = (name: string, text: string) =>
    spec(name, [
      ["NDX", "AAPL"],
      ["holdoutRows: 252", `holdoutRows: 120\nwalkForward: ${text}`],
    ]);
  // 239 before the first fold, 504 + 5, 5 x 63, 120.
  const fits = windows("own.yaml", "{ trainRows: 504, testRows: 63 }");
  const told = await baton(["submit", fits, "--check"], inFolder);
  expect(told.stdout).toContain("1260 rows, at least 1183 are needed");
  const below = windows("below.yaml", "{ trainRows: 100, purgeRows: 0, testRows: 63 }");
  const refused = await baton(["submit", below, "--check"], inFolder);
  expect(refused.code).toBe(3);
  expect(refused.stderr).toContain("walkForward.purgeRows is 0: ");
  const few = windows("few.yaml", "{ trainRows: 100, firstRow: 200 }");
  const named = await baton(["submit", few, "--check"], inFolder);
  expect(named.code).toBe(3);
  expect(named.stderr).toContain(
    "walkForward.trainRows is 100: at least 252: the playbook's limits.walkForward.minTrainRows",
  );
  expect(named.stderr).toContain("walkForward.firstRow is 200: at least 239");
  // A playbook may ask for more.
  const text = readFileSync(join(examples, "../../playbooks/baton.yaml"), "utf8");
  writeFileSync(join(folder.path, "own-playbook.yaml"), text.replace("minFolds: 5", "minFolds: 7"));
  const env = { BATON_PLAYBOOK: join(folder.path, "own-playbook.yaml") };
  const more = await baton(["submit", fits, "--check"], { ...inFolder, env });
  expect(more.code).toBe(3);
  expect(more.stderr).toContain("1309 rows are needed");
});

test("a CSV's faults are named by the file's name, the first twenty at once", async () => {
  mkdirSync(join(folder.path, "data"), { recursive: true });
  const few = { 3: "2010-01-02,x,1,1,1", 5: "04/01/2010,1,1,1,1", 9: "2010-01-08,1,1,1" };
  writeFileSync(join(folder.path, "data/few.csv"), csv(1600, few));
  const one = await baton(["submit", spec("few.yaml", [mine("data/few.csv")])], inFolder);
  expect(one.code).toBe(3);
  expect(one.stderr).toContain("few.yaml: 3 wrong places");
  expect(one.stderr).toContain('- data/few.csv line 3, column 2 (open) is "x": a number from');
  expect(one.stderr).toContain('- data/few.csv line 5, column 1 (date) is "04/01/2010"');
  expect(one.stderr).toContain("- data/few.csv line 9 is ");
  const many = Object.fromEntries(
    Array.from({ length: 60 }, (_, row) => [row + 2, "2010-01-01,x"]),
  );
  writeFileSync(join(folder.path, "data/many.csv"), csv(1600, many));
  const all = await baton(
    ["submit", spec("many.yaml", [mine("data/many.csv")]), "--json"],
    inFolder,
  );
  const { error } = JSON.parse(all.stderr);
  expect(error.faults).toHaveLength(20);
  expect(error.faults[19]).toMatchObject({ where: "data/many.csv line 21" });
});

test("which prices count and which columns don't is told of each instrument", async () => {
  const [, ...rows] = csv(2800).split("\n");
  const withColumn = (file: string, header: string) =>
    writeFileSync(
      join(folder.path, file),
      [`date,open,high,low,close,${header}`, ...rows.map((line) => `${line},1,5`)].join("\n"),
    );
  withColumn("adjusted.csv", "note,5. adjusted close");
  withColumn("plain.csv", "note,Dividend");
  const both = spec("both.yaml", [
    [
      "  - instrument: NDX",
      "  - { instrument: ADJ, csv: { path: adjusted.csv } }\n  - { instrument: RAW, csv: { path: plain.csv } }",
    ],
  ]);
  const { code, stdout } = await baton(["submit", both, "--check"], inFolder);
  expect(code).toBe(0);
  expect(stdout).toContain(
    'ADJ: prices scaled to the adjusted close (adjusted-close); ignored columns: "note"\n',
  );
  expect(stdout).toContain(
    'RAW: prices as they stand in the file (as-given); ignored columns: "note", "Dividend"\n',
  );
  const json = await baton(["submit", both, "--check", "-o", "json"], inFolder);
  expect(JSON.parse(json.stdout)).toMatchObject({
    data: [
      { instrument: "ADJ", prices: "adjusted-close", ignoredColumns: ["note"] },
      { instrument: "RAW", prices: "as-given", ignoredColumns: ["note", "Dividend"] },
    ],
  });
});

test("several files: each its own line, the exit code of the first failure; as JSON a list with errors in place", async () => {
  const another = spec("another.yaml", [["baton.candidate.v1", "mine.v1"]]);
  writeFileSync(join(folder.path, "bad.json"), '{"a":');
  const files = ["trend.yaml", another, "bad.json"];
  const { code, stdout } = await baton(["submit", ...files, "--check"], inFolder);
  expect(code).toBe(3);
  expect(stdout).toMatch(/^fits {7}trend\.yaml {2}cand-\w+ {2}3 trials on NDX: 6724 rows/);
  expect(stdout).toContain("refused    another.yaml  E_INVALID (3): another.yaml: 1 wrong place");
  expect(stdout).toContain("--unchecked submits a document of another schema as it is");
  expect(stdout).toContain("refused    bad.json  E_INVALID (3): bad.json:1:6 isn't YAML");
  // Without a server, too: the good one is the server's failure, the others are their own.
  const sent = await baton(["submit", ...files, "--json"], inFolder);
  expect(sent.code).toBe(8);
  expect(JSON.parse(sent.stdout)).toMatchObject([
    { file: "trend.yaml", error: { code: "E_UNAVAILABLE" } },
    { file: "another.yaml", error: { code: "E_INVALID", faults: [{ where: "schema" }] } },
    { file: "bad.json", error: { code: "E_INVALID", exit: 3 } },
  ]);
});

test("a file in another format is read as the specification tells, and a wrong key is the only thing wrong", async () => {
  const [, ...rows] = csv(2800).split("\n");
  const european = rows
    .toReversed()
    .map((line) => line.replace(/^(\d+)-(\d+)-(\d+)/, "$3.$2.$1").replaceAll(",", ",0;"))
    .map((line) => line.replace(",0;", ";"));
  writeFileSync(
    join(folder.path, "kurse.csv"),
    ["Datum;Auf;Hoch;Tief;Schluss", ...european].join("\n"),
  );
  const format = (dateFormat: string) =>
    `{ columns: { date: Datum, open: Auf, high: Hoch, low: Tief, close: Schluss }, dateFormat: ${dateFormat}, decimal: ",", delimiter: ";", order: newest-first, path: kurse.csv }`;
  const named = (name: string, dateFormat: string) =>
    spec(name, [["  - instrument: NDX", `  - instrument: MINE\n    csv: ${format(dateFormat)}`]]);
  const fits = await baton(
    ["submit", named("told.yaml", "DD.MM.YYYY"), "--check", "--json"],
    inFolder,
  );
  expect(fits).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(fits.stdout)).toMatchObject({ instruments: ["MINE"], rows: 2800 });
  const wrong = await baton(["submit", named("odd.yaml", "TT.MM.JJJJ"), "--check"], inFolder);
  expect(wrong.code).toBe(3);
  expect(wrong.stderr).toContain("universe[0].csv.dateFormat");
  expect(wrong.stderr).not.toContain("kurse.csv line");
});
