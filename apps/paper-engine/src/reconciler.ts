/**
 * Makes what runs be what main says: looks at the repository's head, applies the files that changed, and keeps every
 * strategy's account at its version. All state is in the repository and at the broker; a restart begins with nothing.
 *
 * R1: a file that can't be applied changes nothing: the version before goes on, and the reason is shown.
 * R2: a file that was removed is run down to zero positions before its strategy goes.
 */
import { BrokerError, type Broker } from "@baton/brokerage";
import { type RunningStrategies, STRATEGIES_FOLDER } from "@baton/contracts";
import { GitError, type MainReader } from "@baton/gitops";
import type { Log } from "@baton/telemetry";

import type { OrderStop } from "./position-keeper.ts";
import { type Running, runStrategy } from "./running-strategy.ts";
import { readStrategyFile, StrategyFileError, type StrategyVersion } from "./strategy-file.ts";

/** Settled strategies are looked at again after this time, in milliseconds. */
const SETTLED_CHECK_MS = 5000;
/** Most of them in one round, the oldest first. */
const MAX_SETTLED_CHECKS = 10;

/** What the reconciler needs. */
export interface ReconcilerOptions {
  readonly reader: MainReader;
  /** The broker's account of one strategy. */
  readonly brokerOf: (account: string) => Broker;
  /** What keeps positions from being increased. */
  readonly stop: OrderStop;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

/** The loop's body and what it knows. */
export interface Reconciler {
  /** One look at the repository and the broker. Throws a GitError if the repository can't be read. */
  round(): Promise<void>;
  status(): RunningStrategies;
  /** Why the broker couldn't be asked in the last round; null if it could. */
  brokerProblem(): string | null;
}

interface State {
  head: string | undefined;
  /** Text by file, as applied or refused. */
  readonly texts: Map<string, string>;
  readonly running: Map<string, Running>;
  readonly refused: Map<string, string>;
  brokerProblem: string | null;
}

/** The version that a file's history ends with; one that takes everything back if it was removed. */
async function versionOf(
  reader: MainReader,
  file: string,
): Promise<{ version: StrategyVersion; listed: boolean } | undefined> {
  const versions = await reader.history(`${STRATEGIES_FOLDER}/${file}`);
  const last = versions.at(-1);
  if (last?.content !== undefined)
    return { version: readStrategyFile(file, last.commit, last.content), listed: true };
  const before = versions.findLast(({ content }) => content !== undefined);
  if (last === undefined || before?.content === undefined) return undefined;
  const version = readStrategyFile(file, last.commit, before.content);
  return { version: { ...version, limits: { ...version.limits, enabled: false } }, listed: false };
}

async function apply(options: ReconcilerOptions, state: State, file: string): Promise<void> {
  const { reader, brokerOf, log, stop, signal } = options;
  try {
    const found = await versionOf(reader, file);
    state.refused.delete(file);
    if (found === undefined) return;
    const { version, listed } = found;
    const { candidateId } = version.settings;
    if (state.running.get(file)?.version.commit === version.commit) return;
    const appliedAt = new Date().toISOString();
    const broker = brokerOf(candidateId);
    state.running.set(file, runStrategy({ version, listed, broker, appliedAt, stop, signal }));
    const { commit, hash, limits } = version;
    log.info({ candidateId, commit, hash, level: limits.level, listed }, "applied a strategy");
  } catch (error) {
    if (!(error instanceof StrategyFileError)) throw error;
    state.refused.set(file, error.message);
    log.error({ file, problem: error.message }, "a strategy file can't be applied");
  }
}

/** Applies what changed between the head before and now. */
async function load(options: ReconcilerOptions, state: State): Promise<void> {
  const { reader } = options;
  const { commit, files } = await reader.files(STRATEGIES_FOLDER);
  const strategies = new Map([...files].filter(([name]) => name.endsWith(".yaml")));
  for (const [file, text] of strategies) {
    if (state.texts.get(file) === text) continue;
    await apply(options, state, file);
    state.texts.set(file, text);
  }
  for (const file of await reader.removed(STRATEGIES_FOLDER, state.head)) {
    if (!file.endsWith(".yaml")) continue;
    await apply(options, state, file);
    state.texts.delete(file);
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

async function keepAll(options: ReconcilerOptions, state: State): Promise<void> {
  state.brokerProblem = null;
  for (const running of due(state, options.now())) {
    if (options.signal.aborted) return;
    try {
      await running.keep(options.now());
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      state.brokerProblem = error.message;
    }
  }
  for (const [file, running] of state.running)
    if (!running.listed && running.settled()) state.running.delete(file);
}

/** A reconciler that has seen nothing yet. */
export function createReconciler(options: ReconcilerOptions): Reconciler {
  const state: State = {
    head: undefined,
    texts: new Map(),
    running: new Map(),
    refused: new Map(),
    brokerProblem: null,
  };
  return {
    async round() {
      const head = await options.reader.head();
      if (head !== state.head) await load(options, state);
      await keepAll(options, state);
    },
    status: () => ({
      head: state.head ?? null,
      strategies: [...state.running.values()].map((running) => running.status()),
      refused: Array.from(state.refused, ([file, problem]) => ({ file, problem })),
    }),
    brokerProblem: () => state.brokerProblem,
  };
}

/** True for what a later round may mend by itself. */
export function mayPass(error: unknown): boolean {
  return error instanceof GitError;
}
