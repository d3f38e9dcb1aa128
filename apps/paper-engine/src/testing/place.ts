/** A real repository and a real broker process for tests of the engine. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { type RampLevel, type StrategyLimits, StrategySettings } from "@baton/artifacts";
import { type Broker, createBroker } from "@baton/brokerage";
import { canonicalJson } from "@baton/contracts";
import { createBareRepository } from "@baton/gitops";
import {
  BROKER_TOKENS,
  BROKER_TOKENS_ENV,
  eventually,
  type SpawnedService,
  spawnService,
  temporaryFolder,
} from "@baton/testkit";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { stringify } from "yaml";

import { reportedDigest } from "./accounting.ts";

/** Starts the engine; it is gone after the test. `listening` gives its address, ready or not. */
export function startEngine(
  env: Record<string, string>,
): SpawnedService & { listening(this: void): Promise<string> } {
  const addressFile = join(testFolder(), "address");
  const engine = spawnService("apps/paper-engine/src/main.ts", {
    BATON_BROKER_TOKEN: BROKER_TOKENS.engine,
    ...env,
    BATON_ADDRESS_FILE: addressFile,
    BATON_TRACES_PER_SECOND: "0",
  });
  onTestFinished(async () => void (await engine.sigkill()));
  const read = () => readFileSync(addressFile, "utf8").trim();
  const listening = () => eventually(read, { what: "the engine listens", withinMs: 15_000 });
  return { ...engine, listening };
}

/** A folder that is gone after the test. */
export function testFolder(): string {
  const folder = temporaryFolder("engine");
  onTestFinished(() => folder.remove());
  return folder.path;
}

/** A bare repository; `write` puts files (null: removes them) onto main as one commit. */
export async function testRepository() {
  const repository = join(testFolder(), "gitops.git");
  await createBareRepository(repository, { initialFiles: { "README.md": "strategies\n" } });
  /** Moves main to `commit`, which may be behind it; gives where it was. */
  const moveMain = (commit: string): string => {
    const git = (...args: string[]) =>
      execFileSync("git", ["-C", repository, ...args])
        .toString()
        .trim();
    const before = git("rev-parse", "main");
    git("update-ref", "refs/heads/main", commit);
    return before;
  };
  const head = () => execFileSync("git", ["-C", repository, "rev-parse", "main"]).toString().trim();
  /** `others`: by their whole path, as Git quotes it. */
  const write = (
    files: Record<string, string | null>,
    others: Record<string, string | null> = {},
  ) => {
    const all = [
      ...Object.entries(files).map(([name, text]) => [`strategies/${name}`, text] as const),
      ...Object.entries(others),
    ];
    const changes = all.map(([path, text]) =>
      text === null
        ? `D ${path}\n`
        : `M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`,
    );
    const commit = `commit refs/heads/main\ncommitter T <t@t> 1767600000 +0000\ndata 1\nx\nfrom refs/heads/main^0\n`;
    execFileSync("git", ["-C", repository, "fast-import", "--quiet"], {
      input: commit + changes.join(""),
    });
  };
  return { repository, write, moveMain, head };
}

/** Starts the broker that all tests of a file share, each with a strategy and so an account of its own. */
export function sharedBroker(): () => { url: string; account: (candidate: string) => TestAccount } {
  let url = "";
  let broker: SpawnedService | undefined;
  const folder = temporaryFolder("engine-broker");
  beforeAll(async () => {
    broker = spawnService("apps/paper-broker/src/main.ts", {
      ...BROKER_TOKENS_ENV,
      BATON_BROKER_DIR: folder.path,
      BATON_BROKER_FAULTS: "1",
      BATON_TRACES_PER_SECOND: "0",
    });
    url = await broker.ready();
  });
  afterAll(async () => {
    await broker?.stop();
    folder.remove();
  });
  const account = (candidate: string): TestAccount => ({
    broker: createBroker({ url, token: BROKER_TOKENS.operator, account: candidate }),
    fault: async (kind, times = 1) => {
      const body = JSON.stringify({ fault: kind, times, account: candidate });
      const headers = {
        "content-type": "application/json",
        authorization: `Bearer ${BROKER_TOKENS.operator}`,
      };
      await fetch(`${url}/admin/faults`, { method: "PUT", headers, body });
    },
  });
  return () => ({ url, account });
}

/** One strategy's account, and a way to make the broker fail there. */
export interface TestAccount {
  readonly broker: Broker;
  readonly fault: (kind: string, times?: number) => Promise<void>;
}

let candidates = 0;

/** The id of a candidate that no other test has. */
export function newCandidate(): string {
  candidates += 1;
  return `cand-${String(candidates).padStart(12, "0")}`;
}

const written = new Map<string, StrategySettings>();

/** The digest of the candidate's strategy as it was written last: what its journal would say. */
export function reportedOf(candidateId: string): string {
  const settings = written.get(candidateId);
  return settings ? reportedDigest(settings) : "0".repeat(64);
}

/** The candidate's strategy as it was written last. */
export function settingsOf(candidateId: string): StrategySettings {
  const settings = written.get(candidateId);
  if (settings === undefined) throw new Error(`no file of ${candidateId} was written`);
  return settings;
}

const NOTIONAL: Readonly<Record<RampLevel, number>> = { L0: 500, L1: 1000, L2: 5000, L3: 10_000 };

/** The file of a strategy that is long one instrument at 100: 5, 10, 50 and 100 units at L0 to L3. */
export function strategyFile(
  candidateId: string,
  level: RampLevel,
  over: { limits?: Partial<StrategyLimits>; settings?: object } = {},
): string {
  const settings: StrategySettings = {
    schemaVersion: "baton.strategy.v1",
    candidateId,
    runId: "run-000000000001",
    plugin: "sma-cross",
    sourceSha256: "a".repeat(64),
    costBps: 5,
    instruments: [
      {
        instrument: "SPX",
        share: 1,
        parameters: { fast: 50, slow: 200 },
        signal: { weight: 1, date: "2020-04-17", close: 100 },
      },
    ],
    ...over.settings,
  };
  // What no strategy can be isn't reported.
  if (StrategySettings.safeParse(settings).success) written.set(candidateId, settings);
  const limits = {
    schemaVersion: "baton.strategy-limits.v1",
    level,
    notional: NOTIONAL[level],
    enabled: true,
    ...over.limits,
  };
  return stringify({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: `strategy-${candidateId}` },
    data: {
      "limits.json": canonicalJson(limits),
      "strategy.json": canonicalJson(settings),
    },
  });
}
