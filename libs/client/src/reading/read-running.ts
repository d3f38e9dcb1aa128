/** Reads what runs and what should: main's tree, the engine's accounts, last entries. Only for a mesh of `baton up`: it knows where main is. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  LiveRampReport,
  type RampLevel,
  RunningStrategies,
  STRATEGIES_FOLDER,
  STRATEGY_CHARACTERS,
  StrategyConfigMap,
  StrategyLimits,
  StrategySettings,
  type UnclaimedAccount,
} from "@baton/artifacts";
import type { Entry, WholeEntry } from "@baton/contracts";
import { openMainReader, type Remote, undoneActions } from "@baton/gitops";
import { isStoredBy } from "@baton/mesh";
import type { Playbook } from "@baton/playbook";
import { promotes } from "@baton/playbook";
import { readYaml } from "@baton/text";
import {
  accountFor,
  compareRunning,
  type Difference,
  drillsOf,
  type Found,
  isDone,
  type Promotion,
  type StrategyOnMain,
  type Unaccounted,
  wantedBy,
  writtenAs,
} from "@baton/views";

import { meshDirectory } from "../here/mesh-directory.ts";
import { readerHeaders } from "../here/reader-headers.ts";
import type { Session } from "../session/session.ts";
import { openShelf } from "./candidate-record.ts";
import { readWhole } from "./read-candidate.ts";

const ENGINE = "paper-engine";
const ENGINE_MS = 2000;
/** How a ramp ended. */
const RAMP = "gates/live-ramp.json";

/** What is compared. */
export interface Compared {
  /** Where main is. */
  readonly repository: string;
  readonly differences: readonly Difference[];
  /** Strategies that should run. */
  readonly running: number;
}

type RunningSession = Pick<Session, "artifacts"> & {
  readonly jsm: Parameters<typeof isStoredBy>[0] & Pick<Session["jsm"], "streams">;
  readonly address: { readonly up?: Pick<UpOf, "dataDir" | "addresses"> | undefined };
};
type UpOf = NonNullable<Session["address"]["up"]>;

/** Where candidates stand, and how to get last entries. */
export interface Candidates {
  /** All that have an entry. */
  readonly known: ReadonlySet<string>;
  /** Last entries of those that may run, and of all of `more` that have one. */
  entries(this: void, more: ReadonlySet<string>): Promise<readonly Entry[]>;
}

/** Compares; undefined where nobody here knows where main is. Throws a GitError if main can't be read. */
export async function readRunning(
  { artifacts, jsm, address: { up } }: RunningSession,
  { known, entries }: Candidates,
): Promise<Compared | undefined> {
  if (up === undefined) return undefined;
  const repository = meshDirectory(up.dataDir).gitops;
  const [main, unclaimed] = await Promise.all([
    readMain(repository),
    readUnclaimed(up.addresses[ENGINE], readerHeaders(up.dataDir)),
  ]);
  const last: WholeEntry[] = [];
  for (const entry of await entries(new Set(main.main.keys())))
    last.push(await readWhole({ jsm }, entry));
  const findPlaybook = openShelf(artifacts);
  const unaccounted = await unaccountedIn(main.files, last, jsm);
  const promotions: Promotion[] = [];
  for (const entry of last) {
    const playbook = await findPlaybook(entry.playbook);
    if (playbook) promotions.push(await promotionOf(entry, playbook, artifacts));
  }
  return {
    repository,
    differences: compareRunning(
      promotions,
      { known, drills: drillsOf(last) },
      { ...main, unclaimed, unaccounted },
    ),
    running: promotions.filter(({ wanted }) => wanted === "runs").length,
  };
}

async function promotionOf(
  entry: WholeEntry,
  playbook: Playbook,
  artifacts: Session["artifacts"],
): Promise<Promotion> {
  const { candidateId, stage, reason } = entry;
  const wanted = wantedBy(entry, playbook);
  const rule = playbook.stages.get(stage);
  const isMoving = entry.holder !== "closed" && rule !== undefined && promotes(rule);
  const asked = wanted === "runs" && (!isMoving || isDone(entry));
  const level = asked ? await levelOf(entry, artifacts) : undefined;
  return { candidateId, stage, reason, wanted, level };
}

/** What is damaged or isn't there says nothing here: the store is looked at elsewhere. */
async function levelOf(
  { artifacts: named }: WholeEntry,
  artifacts: Session["artifacts"],
): Promise<RampLevel | undefined> {
  const ref = named.findLast(({ name }) => name === RAMP);
  const bytes = ref && (await artifacts.get(ref.sha256).catch(() => undefined));
  return bytes && parsed(() => LiveRampReport.parse(JSON.parse(decoded(bytes)))?.level);
}

type OnMain = Pick<Found, "main" | "undone"> & {
  /** What the files say that the engine could apply. */
  readonly files: ReadonlyMap<string, StrategyOnMain>;
};

/** As the engine judges them; what an earlier run brought is judged by the engine alone, which reads that run's entries. */
async function unaccountedIn(
  files: OnMain["files"],
  last: readonly WholeEntry[],
  jsm: RunningSession["jsm"],
): Promise<ReadonlyMap<string, Unaccounted>> {
  const found = new Map<string, Unaccounted>();
  for (const entry of last) {
    const file = files.get(entry.candidateId);
    if (file === undefined) continue;
    const sha256 = writtenAs(file, { last: entry });
    const written = sha256 !== undefined && (await isStoredBy(jsm, { writer: "lane-e", sha256 }));
    const account = accountFor(file, { last: entry, written });
    const isEarlier = file.settings.runId !== entry.runId;
    if (account.kind === "accounted") continue;
    if (account.problem.why === "strategy" && isEarlier) continue;
    found.set(entry.candidateId, account.problem);
  }
  return found;
}

async function readMain(repository: string): Promise<OnMain> {
  const cacheDir = await mkdtemp(join(tmpdir(), "baton-running-"));
  const remote: Remote = { repository, cacheDir };
  try {
    await using reader = await openMainReader(remote);
    const { files } = await reader.files(STRATEGIES_FOLDER);
    const undone = new Map<string, string>();
    for (const { action, commit } of await undoneActions(remote)) {
      const [candidateId = ""] = action.split(".");
      if (!undone.has(candidateId)) undone.set(candidateId, commit);
    }
    const main = [...files]
      .filter(([name]) => name.endsWith(".yaml"))
      .map(([name, text]) => [name.slice(0, -".yaml".length), strategyIn(text)] as const);
    return {
      main: new Map(main.map(([name, { limits }]) => [name, limits?.level])),
      files: new Map(
        main.flatMap(([name, { settings, limits }]) =>
          settings && limits ? [[name, { settings, limits }]] : [],
        ),
      ),
      undone,
    };
  } finally {
    await rm(cacheDir, { recursive: true, force: true });
  }
}

/** What a file says; one that the engine can't apply is told by the engine. */
function strategyIn(text: string): {
  [key in keyof StrategyOnMain]: StrategyOnMain[key] | undefined;
} {
  const data = parsed(
    () => StrategyConfigMap.parse(readYaml(text, { maxCharacters: STRATEGY_CHARACTERS })).data,
  );
  return {
    settings: data && parsed(() => StrategySettings.parse(JSON.parse(data["strategy.json"]))),
    limits: data && parsed(() => StrategyLimits.parse(JSON.parse(data["limits.json"]))),
  };
}

async function readUnclaimed(
  address: string | undefined,
  headers: Record<string, string>,
): Promise<readonly UnclaimedAccount[] | undefined> {
  if (address === undefined) return undefined;
  try {
    const signal = AbortSignal.timeout(ENGINE_MS);
    const answer = await fetch(`${address}/strategies`, { headers, signal });
    return RunningStrategies.parse(await answer.json()).unclaimed;
  } catch {
    return undefined;
  }
}

function decoded(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function parsed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
