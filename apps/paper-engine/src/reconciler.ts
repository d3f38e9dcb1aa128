/**
 * Makes what runs be what main says: looks at the repository's head, applies the files that changed, and keeps every
 * strategy's account at its version. What runs is in the repository's tree and at the broker; what a restart knows beside it is
 * how far main had come (main-line.ts), and what is over in an account.
 *
 * R1: a file that can't be applied, or wants more than the operator allows, changes nothing: the newest version before it that
 *     could be applied goes on, also after a restart, and the reason is shown.
 * R2: what main's tree doesn't have is run down to zero positions, however it went (unclaimed-accounts.ts).
 * R3: one strategy's problem is that strategy's: whatever goes wrong with one, the others are looked after.
 */
import { type RunningStrategies, STRATEGIES_FOLDER } from "@baton/artifacts";
import { BrokerError, type Broker, type LimitBook } from "@baton/brokerage";
import { cut } from "@baton/contracts";
import { type Bringing, GitError, type MainReader } from "@baton/gitops";
import type { Log } from "@baton/telemetry";

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
import { createUnclaimedAccounts, type UnclaimedAccounts } from "./unclaimed-accounts.ts";

/** Settled strategies are looked at again after this time, in milliseconds. */
const SETTLED_CHECK_MS = 5000;
/** Most of them in one round, the oldest first. */
const MAX_SETTLED_CHECKS = 10;
/** Strategies that are looked at at a time: each waits for the broker, not for the others. */
const AT_A_TIME = 8;

/** What the reconciler needs. */
export interface ReconcilerOptions {
  readonly reader: MainReader;
  /** Any account of the broker, for what concerns all of them. */
  readonly broker: Pick<Broker, "heldAccounts">;
  /** The broker's account of one strategy. */
  readonly brokerOf: (account: string) => Broker;
  /** What no strategy's file can raise. */
  readonly limits: LimitBook;
  /** What keeps positions from being increased. */
  readonly stop: OrderStop;
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
  /** Why the broker couldn't be asked in the last round; null if it could. */
  brokerProblem(): string | null;
}

type Refused = Omit<RunningStrategies["refused"][number], "file">;

interface State {
  readonly line: MainLine;
  head: string | undefined;
  /** Text by file, as applied or refused. */
  readonly texts: Map<string, string>;
  readonly running: Map<string, Running>;
  readonly refused: Map<string, Refused>;
  readonly unclaimed: UnclaimedAccounts;
  brokerProblem: string | null;
}

/** The version in a file's text. Throws a StrategyFileError. */
function versionOf(
  { limits }: ReconcilerOptions,
  file: string,
  of: Bringing & { readonly text: string },
): StrategyVersion {
  const version = readStrategyFile(file, of, of.text);
  requireWithin(version, limits.of(version.settings.candidateId));
  return version;
}

function start(
  options: ReconcilerOptions,
  state: State,
  { file, version }: { readonly file: string; readonly version: StrategyVersion },
): void {
  const { brokerOf, log, limits, memory, signal } = options;
  const { settings, commit, hash, limits: wants } = version;
  const { candidateId } = settings;
  if (state.running.get(file)?.version.commit === commit) return;
  const running = runStrategy({
    version,
    broker: brokerOf(candidateId),
    limits: () => limits.of(candidateId),
    isNew: state.head !== undefined,
    appliedAt: new Date().toISOString(),
    stop: () => stopOf(options, state),
    memory,
    signal,
  });
  state.running.set(file, running);
  log.info({ candidateId, commit, hash, level: wants.level }, "applied a strategy");
}

/** R1: the newest version before, where none is running. */
async function startBefore(options: ReconcilerOptions, state: State, file: string): Promise<void> {
  if (state.running.has(file)) return;
  const versions = await options.reader.history(`${STRATEGIES_FOLDER}/${file}`);
  for (const { commit, timeMs, content } of versions.toReversed()) {
    // What came before a removal was ended by it.
    if (content === undefined) return;
    try {
      const version = versionOf(options, file, { commit, timeMs, text: content });
      return start(options, state, { file, version });
    } catch {
      // The next older one.
    }
  }
}

async function apply(
  options: ReconcilerOptions,
  state: State,
  of: { readonly file: string; readonly text: string; readonly from: Bringing | undefined },
): Promise<void> {
  const { file, text, from } = of;
  try {
    if (from === undefined) throw new StrategyFileError("no commit on main brought it");
    const version = versionOf(options, file, { ...from, text });
    state.refused.delete(file);
    start(options, state, { file, version });
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
  const names = changed.map(([file]) => file);
  const from =
    names.length === 0
      ? new Map<string, Bringing>()
      : await reader.brought(STRATEGIES_FOLDER, names, state.head);
  for (const [file, text] of changed) {
    await apply(options, state, { file, text, from: from.get(file) });
    state.texts.set(file, text);
  }
  for (const file of state.texts.keys()) {
    if (strategies.has(file)) continue;
    state.texts.delete(file);
    state.refused.delete(file);
    const running = state.running.get(file);
    if (running === undefined) continue;
    state.running.delete(file);
    state.unclaimed.add(running.version.settings.candidateId);
  }
  state.head = commit;
}

/** Who is looked at in this round: all that aren't settled, and a few of the others. */
function due(state: State, now: number): Running[] {
  const all = [...state.running.values()];
  const settled = all
    .filter((running) => running.settled() && now - running.checkedAt() >= SETTLED_CHECK_MS)
    .toSorted((a, b) => a.checkedAt() - b.checkedAt());
  return [...all.filter((running) => !running.settled()), ...settled.slice(0, MAX_SETTLED_CHECKS)];
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
  const waiting = due(state, now());
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
  const isClaimed = (account: string) => texts.has(`${account}.yaml`);
  const state: State = {
    line: createMainLine(options),
    head: undefined,
    texts,
    running: new Map(),
    refused: new Map(),
    unclaimed: createUnclaimedAccounts({ ...options, isClaimed }),
    brokerProblem: null,
  };
  return {
    async round() {
      const head = await options.reader.head();
      if (head !== state.head) await load(options, state);
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
    brokerProblem: () => state.brokerProblem,
  };
}

/** True for what a later round may mend by itself. */
export function mayPass(error: unknown): boolean {
  return error instanceof GitError;
}
