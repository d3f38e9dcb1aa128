import { join } from "node:path";

import { strategyPath } from "@baton/artifacts";
import { openAuditKey } from "@baton/audit";
import { type Broker, createBroker } from "@baton/brokerage";
import { deduplicationId } from "@baton/contracts";
import {
  createBareRepository,
  mergeOnce,
  openMainReader,
  openWorktree,
  type Remote,
  runBranch,
} from "@baton/gitops";
import {
  BROKER_TOKENS,
  BROKER_TOKENS_ENV,
  READ_TOKEN,
  eventually,
  type SpawnedService,
  spawnService,
  startTestMesh,
  temporaryFolder,
  type TestMesh,
} from "@baton/testkit";

import type { EvidenceOptions, JournalEntry } from "../ports.ts";
import { reported, useJournal } from "./accounting.ts";
import { chained } from "./journal.ts";
import { DAY } from "./run-artifacts.ts";

/** A real broker, a real engine and a real repository; the journal is a list. */
export interface EvidenceWorld extends AsyncDisposable {
  readonly options: EvidenceOptions;
  readonly journal: JournalEntry[];
  readonly remote: Remote;
  readonly broker: SpawnedService;
  readonly engine: SpawnedService;
  readonly mesh: TestMesh;
  /** Puts a strategy's file on main as lane E does for a dispatch, here the first entry's by default. */
  deploy(of: {
    candidateId: string;
    runId: string;
    step: string;
    text: string;
    dispatch?: number;
  }): Promise<void>;
  /** Files in the strategies' folder on main. */
  onMain(): Promise<ReadonlyMap<string, string>>;
}

/** Starts all of it; takes about a second. */
export async function startEvidenceWorld(waitMs = 5000): Promise<EvidenceWorld> {
  const folder = temporaryFolder("evidence");
  const repository = join(folder.path, "gitops.git");
  await createBareRepository(repository, { initialFiles: { "README.md": "strategies\n" } });
  const remote = { repository, cacheDir: join(folder.path, "clones") };
  const mesh = await startTestMesh();
  useJournal(mesh.mesh.journal);
  const broker = spawnService("apps/paper-broker/src/main.ts", {
    ...BROKER_TOKENS_ENV,
    BATON_BROKER_DIR: join(folder.path, "broker"),
    BATON_TRACES_PER_SECOND: "0",
  });
  const brokerUrl = await broker.ready();
  const engine = startEngine({
    BATON_NATS_URL: mesh.nats.url,
    BATON_GITOPS_REPO: repository,
    BATON_BROKER_URL: brokerUrl,
    BATON_WORK_DIR: join(folder.path, "engine"),
  });
  const journal: JournalEntry[] = [];
  return {
    journal,
    remote,
    broker,
    engine,
    mesh,
    options: {
      broker: { url: brokerUrl, token: BROKER_TOKENS.laneF },
      engineUrl: await engine.ready(),
      readToken: READ_TOKEN,
      gitops: remote,
      journal: { entries: async (id) => chained(journal, id) },
      controls: mesh.mesh.controls,
      commands: mesh.mesh.commands,
      auditKey: openAuditKey(join(folder.path, "audit.pem"), { create: true }),
      waitMs,
    },
    async deploy({ candidateId, runId, step, text, dispatch = 10 }) {
      await reported(candidateId, runId, text);
      const branch = await runBranch(remote, { lane: "e", runId, today: DAY });
      await using tree = await openWorktree({ ...remote, branch });
      const path = strategyPath(candidateId);
      await tree.commitFiles({ files: { [path]: text }, message: `Set ${candidateId}` });
      const stageRun = `${deduplicationId({ candidateId, runId, stage: "shadow-paper" })}.${step}`;
      const expectedHead = await tree.push();
      const merge = { stageRun, dispatch, expectedHead, owned: [path], subject: "Roll out" };
      await mergeOnce({ ...remote, branch, into: "main", ...merge });
    },
    async onMain() {
      await using reader = await openMainReader(remote);
      return (await reader.files("strategies")).files;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([engine.stop(), broker.stop()]);
      await mesh.stop();
      folder.remove();
    },
  };
}

function startEngine(env: Readonly<Record<string, string>>): SpawnedService {
  return spawnService("apps/paper-engine/src/main.ts", {
    BATON_BROKER_TOKEN: BROKER_TOKENS.engine,
    BATON_ENGINE_POLL_MS: "50",
    BATON_TRACES_PER_SECOND: "0",
    ...env,
  });
}

/** An account as a person has it. */
export function accountOf(world: EvidenceWorld, account: string): Broker {
  return createBroker({ ...world.options.broker, token: BROKER_TOKENS.operator, account });
}

/** Waits until `account` holds nothing, or something. */
export async function untilHolding(world: EvidenceWorld, account: string, some: boolean) {
  const broker = accountOf(world, account);
  const what = `${account} holds ${some ? "something" : "nothing"}`;
  await eventually(async () => (await broker.positions()).length > 0 === some, { what });
}
