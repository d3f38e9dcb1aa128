/** A real repository and a real broker process for tests of the engine. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { type Broker, createBroker } from "@baton/brokerage";
import { canonicalJson, type RampLevel, type StrategyLimits } from "@baton/contracts";
import { createBareRepository } from "@baton/gitops";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { stringify } from "yaml";

const apps = join(import.meta.dirname, "../../..");

/** A Baton service in a process of its own. */
export interface ServiceProcess {
  readonly url: string;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts `apps/<name>/src/main.ts`; resolves when it listens, or by default when it is ready. */
export async function startApp(
  name: string,
  env: Record<string, string>,
  options: { wait: "listening" | "ready"; finished: typeof onTestFinished } = {
    wait: "ready",
    finished: onTestFinished,
  },
): Promise<ServiceProcess> {
  const addressFile = join(testFolder(options.finished), "address");
  const child = spawn(process.execPath, [join(apps, name, "src/main.ts")], {
    stdio: ["pipe", "pipe", "pipe"],
    env: {
      PATH: process.env["PATH"] ?? "",
      BATON_ADDRESS_FILE: addressFile,
      BATON_EXIT_WITH_PARENT: "1",
      BATON_TRACES_PER_SECOND: "0",
      ...env,
    },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  const kill = (signal: NodeJS.Signals = "SIGKILL") => ended(child, signal);
  options.finished(() => kill());
  const started = { kill, url: await address(child, addressFile, () => output) };
  if (options.wait === "ready")
    await until(
      async () => (await fetch(`${started.url}/readyz`).catch(() => undefined))?.ok,
      () => output,
    );
  return started;
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill(signal);
  await gone;
}

async function address(child: ChildProcess, file: string, output: () => string): Promise<string> {
  await until(() => {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${output()}`);
    return existsSync(file);
  }, output);
  return readFileSync(file, "utf8").trim();
}

/** Waits until `condition` holds, for ten seconds at most. */
export async function until(
  condition: () => unknown,
  explain: () => unknown = () => "",
): Promise<void> {
  for (let round = 0; round < 1000; round += 1) {
    if (await condition()) return;
    await sleep(10);
  }
  throw new Error(`it never came true: ${JSON.stringify(await explain())}`);
}

/** A folder that is gone after the test. */
export function testFolder(finished: typeof onTestFinished = onTestFinished): string {
  const folder = mkdtempSync(join(tmpdir(), "baton-engine-"));
  finished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** A bare repository; `write` puts files (null: removes them) onto main as one commit. */
export async function testRepository() {
  const repository = join(testFolder(), "gitops.git");
  await createBareRepository(repository, { initialFiles: { "README.md": "strategies\n" } });
  const write = (files: Record<string, string | null>) => {
    const changes = Object.entries(files).map(([name, text]) =>
      text === null
        ? `D strategies/${name}\n`
        : `M 100644 inline strategies/${name}\ndata ${Buffer.byteLength(text)}\n${text}\n`,
    );
    const commit = `commit refs/heads/main\ncommitter T <t@t> 1767600000 +0000\ndata 1\nx\nfrom refs/heads/main^0\n`;
    execFileSync("git", ["-C", repository, "fast-import", "--quiet"], {
      input: commit + changes.join(""),
    });
  };
  return { repository, write };
}

/** Starts the broker that all tests of a file share, each with a strategy and so an account of its own. */
export function sharedBroker(): () => { url: string; account: (candidate: string) => TestAccount } {
  let url = "";
  beforeAll(async () => {
    const directory = testFolder(afterAll);
    const env = { BATON_BROKER_DIR: directory, BATON_BROKER_FAULTS: "1" };
    ({ url } = await startApp("paper-broker", env, { wait: "ready", finished: afterAll }));
  });
  const account = (candidate: string): TestAccount => ({
    broker: createBroker({ url, account: candidate }),
    fault: async (kind, times = 1) => {
      const body = JSON.stringify({ fault: kind, times, account: candidate });
      const headers = { "content-type": "application/json" };
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

const NOTIONAL: Readonly<Record<RampLevel, number>> = { L0: 500, L1: 1000, L2: 5000, L3: 10_000 };

/** The file of a strategy that is long one instrument at 100: 5, 10, 50 and 100 units at L0 to L3. */
export function strategyFile(
  candidateId: string,
  level: RampLevel,
  over: { limits?: Partial<StrategyLimits>; settings?: object } = {},
): string {
  const settings = {
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
