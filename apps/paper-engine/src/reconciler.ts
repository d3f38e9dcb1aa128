/**
 * Makes what runs be what main says: looks at the repository's head, applies the files that changed, and keeps every
 * strategy's account at its version. What runs is in the repository's tree and at the broker; what a restart knows beside it is
 * how far main had come (main-line.ts), and what is over in an account.
 *
 * R1: a file that can't be applied, or wants more than the operator allows, changes nothing: the newest version before it that
 *     could be applied goes on, also after a restart, and the reason is shown.
 * R2: what main's tree doesn't have is run down to zero positions, however it went (unclaimed-accounts.ts).
 * R4: what the journal doesn't account for isn't increased; what nothing of may run is as if main didn't have it (accounts.ts).
 * R3: one strategy's problem is that strategy's: whatever goes wrong with one, the others are looked after.
 */
import { type RunningStrategies, STRATEGIES_FOLDER } from "@baton/artifacts";
import { BrokerError, type Broker, type LimitBook } from "@baton/brokerage";
import { CandidateId, cut } from "@baton/contracts";
import { type Bringing, GitError, type MainReader } from "@baton/gitops";
import type { Log } from "@baton/telemetry";

import { type AccountBook, createAccountBook, type FileVersion } from "./account-book.ts";
import type { JournalReader } from "./accounts.ts";
import { due } from "./due.ts";
import type { EngineMemory } from "./engine-memory.ts";
import { createMainLine, type MainLine } from "./main-line.ts";
import { type Running, runStrategy } from "./running-strategy.ts";
import type { OrderStop } from "./send-order.ts";
import {
  readStrategyFile,
  requireWithin,
  StrategyFileError,
  type StrategyVersion,
} from "./strategy-file.ts";
import { createTotalLimit, type TotalLimit } from "./total-limit.ts";
import { createUnclaimedAccounts, type UnclaimedAccounts } from "./unclaimed-accounts.ts";

/** Strategies that are looked at at a time: each waits for the broker, not for the others. */
const AT_A_TIME = 8;

/** What the reconciler needs. */
export interface ReconcilerOptions {
  readonly reader: MainReader;
  /** Any account of the broker, for what concerns all of them. */
  readonly broker: Pick<Broker, "heldAccounts">;
  /** The broker's account of one strategy. */
  readonly brokerOf: (account: string) => Broker;
  /** True if the account has a place at the broker; without it all have. */
  readonly hasAccount?: (account: string) => boolean;
  /** An account is looked at this often at most, in milliseconds: a broker that isn't ours counts its questions. */
  readonly paceMs?: number;
  /** What no strategy's file can raise. */
  readonly limits: LimitBook;
  /** What keeps positions from being increased. */
  readonly stop: OrderStop;
  /** Where it says what main's files may be. */
  readonly journal: JournalReader;
  readonly memory: EngineMemory;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

/** The loop's body and what it knows. */
export interface Reconciler {
  /** One look at the repository and the broker. Throws a GitError if the repository can't be read. */
  round(): Promise<void>;
  status(): Required<
    Pick<RunningStrategies, "head" | "strategies" | "refused" | "unclaimed" | "mainLost">
  >;
  /** Why main isn't followed without reserve; null if it is. */
  mainProblem(): string | null;
  /** Why no order may increase a position, main's own state included; null if it may. */
  stop(): string | null;
  /** Why the journal couldn't be asked for what it accounts for; null if it could. */
  journalProblem(): string | null;
  /** Why the broker couldn't be asked in the last round; null if it could. */
  brokerProblem(): string | null;
}

type Refused = Omit<RunningStrategies["refused"][number], "file">;

interface State {
  /** What is refused for another reason has the version before it there. */
  readonly accounts: AccountBook;
  readonly line: MainLine;
  head: string | undefined;
  /** Text by file, as applied or refused. */
  readonly texts: Map<string, string>;
  readonly running: Map<string, Running>;
  readonly total: TotalLimit;
  readonly refused: Map<string, Refused>;
  readonly unclaimed: UnclaimedAccounts;
  brokerProblem: string | null;
}

/** The version in a file's text. Throws a StrategyFileError. */
function versionOf(
  { limits, hasAccount = () => true }: ReconcilerOptions,
  file: string,
  of: Bringing & { readonly text: string },
): StrategyVersion {
  const version = readStrategyFile(file, of, of.text);
  const { candidateId } = version.settings;
  if (!hasAccount(candidateId))
    throw new StrategyFileError(
      `there is no account for ${candidateId} at the broker: name one in BATON_ALPACA_ACCOUNTS, and start the engine again`,
    );
  requireWithin(version, limits.of(candidateId));
  return version;
}

function start(options: ReconcilerOptions, state: State, { file, version }: FileVersion): void {
  const { brokerOf, log, limits, memory, signal } = options;
  const { settings, commit, hash, limits: wants } = version;
  const { candidateId } = settings;
  if (state.running.get(file)?.version.commit === commit) return;
  const running = runStrategy({
    version,
    broker: brokerOf(candidateId),
    limits: () => limits.of(candidateId),
    total: state.total,
    isNew: state.head !== undefined,
    appliedAt: new Date().toISOString(),
    stop: () => stopOf(options, state) ?? state.accounts.heldBack(file),
    memory,
    signal,
  });
  state.running.set(file, running);
  log.info({ candidateId, commit, hash, level: wants.level }, "applied a strategy");
}

/** R4: holds it against the journal and does what follows. */
async function judge(options: ReconcilerOptions, state: State, of: FileVersion): Promise<void> {
  const { file } = of;
  const { judged, problem } = await state.accounts.judge(of);
  if (state.refused.get(file)?.code === "E_UNACCOUNTED") state.refused.delete(file);
  if (problem !== undefined && judged.kind !== "unread" && !state.refused.has(file))
    state.refused.set(file, { code: "E_UNACCOUNTED", problem });
  if (judged.kind === "out") giveUp(state, file);
  else start(options, state, of);
}

async function judgeAgain(options: ReconcilerOptions, state: State): Promise<void> {
  const waiting = state.accounts.waiting();
  if (waiting.length > 0) state.accounts.begin();
  for (const one of waiting) await judge(options, state, one);
}

/** Its strategy is as if main didn't have it. */
function giveUp(state: State, file: string): void {
  const running = state.running.get(file);
  if (running === undefined) return;
  state.running.delete(file);
  state.unclaimed.add(running.version.settings.candidateId);
}

/** R1: the newest version before, where none is running. */
async function startBefore(options: ReconcilerOptions, state: State, file: string): Promise<void> {
  // No strategy of ours ever had another name, and Git isn't asked for what isn't one.
  if (state.running.has(file) || !isStrategyName(file)) return;
  const versions = await options.reader.history(`${STRATEGIES_FOLDER}/${file}`);
  for (const { commit, timeMs, content } of versions.toReversed()) {
    // What came before a removal was ended by it.
    if (content === undefined) return;
    try {
      const version = versionOf(options, file, { commit, timeMs, text: content });
      return await judge(options, state, { file, version });
    } catch {
      // The next older one.
    }
  }
}

/** What main may have under any other name is no strategy, and no name that Git is asked by. */
function isStrategyName(file: string): boolean {
  return CandidateId.safeParse(file.slice(0, -".yaml".length)).success;
}

async function apply(
  options: ReconcilerOptions,
  state: State,
  of: { readonly file: string; readonly text: string; readonly from: Bringing | undefined },
): Promise<void> {
  const { file, text, from } = of;
  try {
    if (!isStrategyName(file))
      throw new StrategyFileError("its name isn't a candidate's id and .yaml: remove it from main");
    if (from === undefined) throw new StrategyFileError("no commit on main brought it");
    const version = versionOf(options, file, { ...from, text });
    state.refused.delete(file);
    await judge(options, state, { file, version });
  } catch (error) {
    if (error instanceof GitError) throw error;
    // R3: also what nobody foresaw is this file's alone.
    const problem = cut(error instanceof Error ? error.message : "it can't be applied", 500);
    const code = error instanceof StrategyFileError ? error.code : "E_STRATEGY_FILE";
    state.refused.set(file, { code, problem });
    options.log.error({ err: error, file, code }, "a strategy file can't be applied");
    await startBefore(options, state, file);
  }
}

/** Applies what changed since the head before, and gives up what isn't there any more. */
async function load(options: ReconcilerOptions, state: State): Promise<void> {
  const { reader } = options;
  const { commit, files } = await reader.files(STRATEGIES_FOLDER);
  const strategies = new Map([...files].filter(([name]) => name.endsWith(".yaml")));
  for (const file of await state.line.see(commit, strategies.keys())) strategies.delete(file);
  const changed = [...strategies].filter(([file, text]) => state.texts.get(file) !== text);
  const names = changed.map(([file]) => file).filter(isStrategyName);
  const from =
    names.length === 0
      ? new Map<string, Bringing>()
      : await reader.brought(STRATEGIES_FOLDER, names, state.head);
  state.accounts.begin();
  for (const [file, text] of changed) {
    await apply(options, state, { file, text, from: from.get(file) });
    state.texts.set(file, text);
  }
  for (const file of new Set([...state.texts.keys(), ...state.refused.keys()])) {
    if (strategies.has(file)) continue;
    state.texts.delete(file);
    state.refused.delete(file);
    state.accounts.forget(file);
    giveUp(state, file);
  }
  state.head = commit;
}

/** R3: looks after one; what goes wrong is said once, not once per round. */
async function keepOne(options: ReconcilerOptions, state: State, running: Running): Promise<void> {
  const { log, now } = options;
  const before = running.status();
  let cause: unknown;
  try {
    await running.keep(now());
  } catch (error) {
    cause = error;
    if (error instanceof BrokerError) state.brokerProblem = error.message;
  }
  const { candidateId, trouble, problem } = running.status();
  if (trouble === before.trouble && (trouble === null || problem === before.problem)) return;
  if (trouble === null || trouble === undefined)
    log.info({ candidateId, before: before.trouble }, "the strategy is well again");
  else log.error({ err: cause, candidateId, trouble, problem }, "a strategy needs a person");
}

async function keepAll(options: ReconcilerOptions, state: State): Promise<void> {
  const { signal, now } = options;
  state.brokerProblem = null;
  const waiting = due(state.running.values(), now(), options.paceMs);
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (signal.aborted) return;
      await keepOne(options, state, next);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  try {
    await state.unclaimed.keep(now());
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    state.brokerProblem = error.message;
  }
}

/** Main itself may be what stops. */
function stopOf({ stop }: ReconcilerOptions, { line }: Pick<State, "line">): string | null {
  return line.problem() ?? stop();
}

/** A reconciler that has seen nothing yet. */
export function createReconciler(options: ReconcilerOptions): Reconciler {
  const texts = new Map<string, string>();
  const accounts = createAccountBook(options);
  const isClaimed = (account: string) =>
    texts.has(`${account}.yaml`) && !accounts.isOut(`${account}.yaml`);
  const state: State = {
    accounts,
    line: createMainLine(options),
    head: undefined,
    texts,
    running: new Map(),
    total: createTotalLimit(options.limits),
    refused: new Map(),
    unclaimed: createUnclaimedAccounts({ ...options, isClaimed }),
    brokerProblem: null,
  };
  return {
    async round() {
      const head = await options.reader.head();
      if (head !== state.head) await load(options, state);
      await judgeAgain(options, state);
      await state.line.settle();
      await keepAll(options, state);
    },
    status: () => ({
      head: state.head ?? null,
      strategies: [...state.running.values()].map((running) => running.status()),
      refused: Array.from(state.refused, ([file, of]) => ({ file, ...of })),
      unclaimed: state.unclaimed.status(),
      mainLost: state.line.loss(),
    }),
    mainProblem: () => state.line.problem(),
    stop: () => stopOf(options, state),
    journalProblem: () => state.accounts.problem(),
    brokerProblem: () => state.brokerProblem,
  };
}
