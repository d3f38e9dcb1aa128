/**
 * A person's own prices in a format of their own, through `baton submit` and the real work of lanes A to C on a mesh: they come
 * to the same figures as the same prices written as usual, and whoever holds the key that people share can't take them away.
 */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { DatasetManifest, EvaluationReport } from "@baton/artifacts";
import { artifactRecordSubject } from "@baton/contracts";
import { createBareRepository } from "@baton/gitops";
import { researchLane } from "@baton/lane-a-research/src/lane.ts";
import { strategyLane } from "@baton/lane-b-strategy/src/lane.ts";
import { backtestLane } from "@baton/lane-c-backtest/src/lane.ts";
import type { StageWork } from "@baton/lanekit";
import { openMesh, sha256Of } from "@baton/mesh";
import {
  startTestNats,
  type TemporaryFolder,
  temporaryFolder,
  type TestNats,
  testSandbox,
} from "@baton/testkit";
import { particularsOf } from "@baton/views";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";

import { type LoopWorld, openLoopWorld } from "./loop-world.ts";

const ROOT = join(import.meta.dirname, "../../..");
const TIMEOUT = { timeout: 90_000 };
const DAY_MS = 86_400_000;
/** What the windows below need, and a little more. */
const ROWS = 1200;

interface Row {
  readonly date: string;
  readonly prices: readonly number[];
}

/** Weekdays of prices that go up and down around a rise. */
function rowsOf(): Row[] {
  const days = Array.from(
    { length: 2 * ROWS },
    (_, day) => new Date(Date.UTC(2015, 0, 1) + day * DAY_MS),
  );
  const weekdays = days.filter((day) => day.getUTCDay() % 6 !== 0).slice(0, ROWS);
  return weekdays.map((day, row) => {
    const close =
      100 * Math.exp(0.0004 * row + 0.1 * Math.sin(row / 60) + 0.008 * Math.sin(row * row));
    const open = close * (1 + 0.002 * Math.cos(row * row));
    const [high, low] = [Math.max(open, close) * 1.003, Math.min(open, close) * 0.997];
    return { date: day.toISOString().slice(0, 10), prices: [open, high, low, close] };
  });
}

/** As programs write it. */
function plainCsv(rows: readonly Row[]): string {
  const lines = rows.map(({ date, prices }) =>
    [date, ...prices.map((price) => price.toFixed(4))].join(","),
  );
  return `${["date,open,high,low,close", ...lines].join("\n")}\n`;
}

/** As a German spreadsheet writes it: semicolons, decimal commas, the day first, the newest first, names of its own. */
function ownCsv(rows: readonly Row[]): string {
  const lines = rows.map(({ date, prices }) => {
    const [open, high, low, close] = prices.map((price) => price.toFixed(4).replace(".", ","));
    return [date.split("-").toReversed().join("."), close, open, high, low].join(";");
  });
  return `${["Datum;Schluss;Eröffnung;Hoch;Tief", ...lines.toReversed()].join("\r\n")}\r\n`;
}

const FORMAT = {
  columns: { date: "Datum", open: "Eröffnung", high: "Hoch", low: "Tief", close: "Schluss" },
  dateFormat: "DD.MM.YYYY",
  decimal: ",",
  delimiter: ";",
  order: "newest-first",
};

const specOf = (name: string, csv: object) => ({
  schema: "baton.candidate.v1",
  name,
  thesis:
    "What rose over some months goes on rising; made-up prices, which say nothing about any market.",
  universe: [{ instrument: "MINE", csv }],
  strategy: { plugin: "tsmom", grid: [{ lookbackRows: 63 }] },
  walkForward: { trainRows: 504, testRows: 63 },
  holdoutRows: 120,
  regimes: [{ name: "rise", expectation: "Invested." }],
  expectation: { metric: "sharpe", atLeast: 0.2 },
  promotion: { target: "shadow", notional: 1000 },
});

let nats: TestNats;
let world: LoopWorld;
let folder: TemporaryFolder;
/** Digests that are spoiled again once lane A has read them. */
const spoiledLater = new Set<string>();

const at = (name: string): string => join(folder.path, name);

beforeAll(async () => {
  folder = temporaryFolder("own-data");
  nats = await startTestNats({ signIn: true });
  world = await openLoopWorld(nats, { BATON_PLAYBOOK: join(ROOT, "playbooks/baton.yaml") });
  const repository = at("strategies.git");
  await createBareRepository(repository, { initialFiles: { "README.md": "Strategies.\n" } });
  const sandbox = await testSandbox();
  const build = strategyLane({ repository, scratchDir: at("scratch"), sandbox }).stages[
    "candidate-build"
  ];
  const spoilThenBuild: StageWork = async (context) => {
    for (const digest of spoiledLater) await spoil(digest, 1);
    return build?.(context) ?? Promise.reject(new Error("lane B has no such stage"));
  };
  world.startLane("lane-a", researchLane({ drills: false }).stages);
  world.startLane("lane-b", { "candidate-build": spoilThenBuild });
  world.startLane("lane-c", backtestLane({ sandbox }).stages);
}, TIMEOUT.timeout);

afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await nats.stop();
  folder.remove();
}, TIMEOUT.timeout);

/** Records that lead nowhere, under the key that people share. */
async function spoil(sha256: string, times: number): Promise<void> {
  const of = { url: nats.url, name: "cli", seed: nats.seedOf("cli") };
  await using people = await openMesh({ ...of, storesAs: "cli" });
  const subject = artifactRecordSubject({ writer: "cli", sha256 });
  for (let count = 0; count < times; count += 1)
    await people.publisher.publish({ subject, payload: "{}", headers: {} });
}

/** Submits as a person does; the candidate's id. */
async function submit(name: string, text: string, format: object): Promise<string> {
  writeFileSync(at(`${name}.csv`), text);
  writeFileSync(at(`${name}.yaml`), stringify(specOf(name, { path: `${name}.csv`, ...format })));
  const env = {
    PATH: process.env["PATH"],
    HOME: folder.path,
    BATON_NATS_URL: nats.url,
    BATON_NATS_SEED_FILE: nats.seedFileOf("cli"),
    BATON_MESH: world.mesh.name,
  };
  const args = [join(ROOT, "apps/cli/bin/baton.cjs"), "submit", at(`${name}.yaml`), "-o", "json"];
  const printed = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, args, { env }, (error, stdout, stderr) =>
      error ? reject(new Error(stderr, { cause: error })) : resolve(stdout),
    );
  });
  const receipt: { candidateId: string } = JSON.parse(printed);
  return receipt.candidateId;
}

/** What lanes A and C wrote about it, once lane D would have it. */
async function researched(candidateId: string) {
  const { entry } = await world.until(
    candidateId,
    "at the gates",
    ({ holder }) => holder === "lane-d" || holder === "review",
  );
  expect([entry.holder, particularsOf(entry)]).toEqual(["lane-d", expect.any(String)]);
  const { artifacts } = await world.mesh.journal.whole(entry);
  const read = async (name: string): Promise<unknown> => {
    const ref = artifacts.find((artifact) => artifact.name === name);
    const bytes = await world.mesh.artifacts.get(ref?.sha256 ?? "0".repeat(64));
    return JSON.parse(new TextDecoder().decode(bytes));
  };
  return {
    manifest: DatasetManifest.parse(await read("research/dataset-manifest.json")),
    report: EvaluationReport.parse(await read("backtest/evaluation-report.json")),
  };
}

test(
  "prices in one's own format come to the figures of the same prices as usual",
  TIMEOUT,
  async () => {
    const rows = rowsOf();
    const [own, plain] = await Promise.all([
      submit("own", ownCsv(rows), FORMAT).then(researched),
      submit("plain", plainCsv(rows), {}).then(researched),
    ]);
    const [described] = own.manifest.datasets;
    expect(described).toMatchObject({ instrument: "MINE", rows: ROWS, format: FORMAT });
    expect(described?.research.start).toBe(rows[0]?.date);
    expect(described?.holdout.end).toBe(rows.at(-1)?.date);
    expect(plain.manifest.datasets[0]).not.toHaveProperty("format");
    expect(own.report.outOfSample.figures.sharpe).toEqual(expect.any(Number));
    expect(own.report.outOfSample).toEqual(plain.report.outOfSample);
    expect(own.report.deflatedSharpe).toEqual(plain.report.deflatedSharpe);
  },
);

test(
  "J9: what lane A has read of people's prices, nobody with their key can hide",
  TIMEOUT,
  async () => {
    const text = `${plainCsv(rowsOf())}\n`;
    const sha256 = sha256Of(Buffer.from(text));
    await spoil(sha256, 9);
    spoiledLater.add(sha256);
    const { report } = await researched(await submit("spoiled", text, {}));
    expect(report.data[0]).toMatchObject({ instrument: "MINE", rows: ROWS });
    // Lane A's own copy: of people's neither the first nor the last leads to them.
    expect(await world.mesh.artifacts.get(sha256)).toEqual(new Uint8Array(Buffer.from(text)));
  },
);
