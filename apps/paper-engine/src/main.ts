import { join } from "node:path";

import {
  AlpacaConfigError,
  anyAccount,
  createBroker,
  hasAccount,
  LimitsError,
  openAlpaca,
  openLimits,
} from "@baton/brokerage";
import { GitError, openMainReader } from "@baton/gitops";
import { type ControlReader, openControlMemory, openControlReader } from "@baton/mesh";
import { EXIT, meshOptionsOf, runService, StartFailure } from "@baton/service";

import type { JournalReader } from "./accounts.ts";
import { keepBrokerSwitch } from "./broker-switch.ts";
import { watchBroker } from "./broker-watch.ts";
import { PaperEngineConfig } from "./config.ts";
import { EngineMemoryError, openEngineMemory } from "./engine-memory.ts";
import { runEngine } from "./engine.ts";
import { learnFromMain } from "./learn-from-main.ts";
import { watchMeshStop } from "./mesh-stop.ts";
import { createStatusApp } from "./status-app.ts";

/** In the work directory: the controls that the engine has seen, which outlives it. */
const SEEN_FILE = "controls-seen.json";
/** The same of main and of what is over at the broker. */
const MEMORY_FILE = "main-obeyed.json";
/** Alpaca takes some 200 questions a minute of each account; a look takes three to six of them. */
const ALPACA_PACE_MS = 2500;
/** Deadline of one request about the broker's switch, in milliseconds: it is asked for again. */
const SWITCH_MS = 2000;

await runService({
  name: "paper-engine",
  config: PaperEngineConfig,
  async start(service) {
    const { config, signal, log } = service;
    // Until the repository was read nothing may look like an answer: "not found" would be a lie.
    service.mount(createStatusApp(() => undefined));
    const { limits, alpaca } = await accountsOf(config).catch((error: unknown) => {
      throw startFailure(error);
    });
    await using reader = await openMainReader({
      repository: config.BATON_GITOPS_REPO,
      token: config.BATON_GITOPS_TOKEN,
      cacheDir: join(config.BATON_WORK_DIR, "git"),
    }).catch((error: unknown) => {
      throw startFailure(error);
    });
    const kept = await openEngineMemory(join(config.BATON_WORK_DIR, MEMORY_FILE)).catch(
      (error: unknown) => {
        throw startFailure(error);
      },
    );
    const { BATON_BROKER_URL: url, BATON_BROKER_TOKEN: token } = config;
    const at = { url, token, alpaca, signal };
    if (alpaca) log.info({ endpoint: alpaca.url, accounts: alpaca.accounts.size }, "Alpaca");
    const brokerOf = (account: string) => createBroker({ ...at, account });
    const memory = await openControlMemory(join(config.BATON_WORK_DIR, SEEN_FILE));
    const remote = {
      repository: config.BATON_GITOPS_REPO,
      token: config.BATON_GITOPS_TOKEN,
      cacheDir: join(config.BATON_WORK_DIR, "mark"),
      signal,
    };
    const controls = learnFromMain({ remote, memory, log }).then(() =>
      openControlReader({ ...meshOptionsOf(service), waitForServer: true, memory }),
    );
    controls.catch((error: unknown) => {
      if (!signal.aborted) service.fail(error);
    });
    await using mesh = watchMeshStop({ reader: controls, log, onChange: () => keeper.look() });
    const journal = journalOf(controls, () => mesh.killSwitch() !== undefined);
    // What concerns all accounts may be asked in any.
    const account = anyAccount(at);
    const broker = createBroker({ ...at, timeoutMs: SWITCH_MS, ...(account && { account }) });
    using keeper = keepBrokerSwitch({ broker, mesh, log });
    using brokerWatch = watchBroker({ place: at, log, signal });
    const book = {
      broker,
      brokerOf,
      hasAccount: (of: string) => hasAccount(at, of),
      paceMs: alpaca ? ALPACA_PACE_MS : 0,
    };
    await runEngine({
      service,
      reconciler: { ...book, reader, journal, limits, memory: kept, log, signal },
      mesh,
      brokerSwitch: keeper,
      brokerWatch,
      pollMs: config.BATON_ENGINE_POLL_MS,
    });
  },
});

/** The journal while the mesh answers; else it says nothing at once, so what takes away waits for no answer. */
function journalOf(
  reader: Promise<Pick<ControlReader, "journal" | "isOfLaneE">>,
  answers: () => boolean,
): JournalReader {
  let open: JournalReader | undefined;
  reader.then(
    ({ journal, isOfLaneE }) => (open = { ...journal, isOfLaneE }),
    () => {},
  );
  const now = (): JournalReader => {
    if (open === undefined || !answers()) throw new Error("the mesh can't be reached");
    return open;
  };
  return {
    last: async (candidateId) => now().last(candidateId),
    lastOfRun: async (of) => now().lastOfRun(of),
    whole: async (entry) => now().whole(entry),
    isOfLaneE: async (sha256) => now().isOfLaneE(sha256),
  };
}

/** What accounts may hold, and where those are. Throws a LimitsError or an AlpacaConfigError. */
async function accountsOf(config: PaperEngineConfig) {
  const limits = await openLimits({
    file: config.BATON_LIMITS,
    people: config.BATON_PEOPLE,
    mesh: config.BATON_MESH_NAME,
  });
  return { limits, alpaca: openAlpaca(config, limits) };
}

/** Limits, a repository address or a work directory that can't be used is the operator's to mend. */
function startFailure(cause: unknown): unknown {
  if (cause instanceof LimitsError || cause instanceof AlpacaConfigError)
    return new StartFailure({
      code: cause.code,
      exitCode: EXIT.invalidInput,
      message: cause.message,
      action: cause.action,
      cause,
    });
  if (cause instanceof GitError)
    return new StartFailure({
      code: cause.code,
      exitCode: EXIT.invalidInput,
      message: `BATON_GITOPS_REPO: ${cause.message}`,
      action: cause.action,
      cause,
    });
  if (cause instanceof EngineMemoryError)
    return new StartFailure({
      code: "E_MARK",
      exitCode: EXIT.invalidInput,
      message: cause.message,
      action: "bring the file back from a copy, or remove it",
      cause,
    });
  if (cause instanceof Error && "code" in cause && typeof cause.code === "string")
    return new StartFailure({
      code: "E_DIRECTORY",
      exitCode: EXIT.invalidInput,
      message: `BATON_WORK_DIR can't be used: ${cause.message}`,
      action: "name a directory that this user may write, or create it",
      cause,
    });
  return cause;
}
