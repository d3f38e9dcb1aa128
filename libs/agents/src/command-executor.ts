/**
 * Work by a program in the sandbox, such as a coding agent.
 *
 * C1: what an attempt leaves is taken up: a delivery that was taken out counts, a run that ended is judged and harvested, and neither
 *     asks the model again.
 * C2: a run that was broken off is gone on with once, by its session; otherwise the next one begins in a clean tree and home. What
 *     still runs of it is ended, never adopted.
 * C3: tokens and money are what the gateway counted, attempts that died included.
 */
import {
  type Amount,
  Failure,
  NO_AMOUNT,
  plusAmount,
  type SpentBudget,
  type WorkDone,
} from "@baton/contracts";
import {
  type DeliveredFile,
  type Delivery,
  type Executor,
  type Job,
  StageFailure,
} from "@baton/lanekit";
import { type Budget, type Gateway, openGateway, sumOf } from "@baton/model-gateway";
import type { Sandbox } from "@baton/sandbox";

import type { AgentsConfig } from "./agents-config.ts";
import { ownClaim, sweepClaim } from "./claim.ts";
import { harvest } from "./harvest.ts";
import { budgetFailure } from "./judge-run.ts";
import { logTail } from "./log-tail.ts";
import { type AttemptParts, logsOf, performRun } from "./perform-run.ts";
import { programOf, versions } from "./program-of.ts";
import { type EndRecord, openStageRunFolder, type RunState } from "./stage-run-folder.ts";

export interface CommandExecutorOptions {
  readonly sandbox: Sandbox;
  readonly config: AgentsConfig;
  /** Folder for stage runs, of this service alone. */
  readonly folder: string;
}

export interface CommandExecutor extends Executor, AsyncDisposable {}

const MEASURES = ["tokens", "micros", "calls"] as const;

/** Throws GatewayFault for a gateway that can't be opened. */
export function openCommandExecutor(options: CommandExecutorOptions): CommandExecutor {
  const { sandbox, config, folder } = options;
  const gateway = config.gateway && openGateway(config.gateway);
  const versionOf = versions(sandbox);
  return {
    run: async (job, call) => {
      const program = programOf(job.assignment, config);
      requireGateway(job, gateway);
      const place = await openStageRunFolder(folder, job);
      return new Attempt({
        sandbox,
        config,
        gateway,
        versionOf,
        job,
        call,
        program,
        place,
      }).run();
    },
    [Symbol.asyncDispose]: async () => gateway?.close(),
  };
}

function requireGateway({ assignment }: Job, gateway: Gateway | undefined): void {
  if (assignment.executor.network !== "model" || gateway) return;
  throw new StageFailure({
    class: "deterministic",
    code: "E_EXECUTOR",
    message: "the playbook has the program reach a model by the gateway, and this lane has none",
    action:
      "Add `gateway` to the lane's agents file (BATON_AGENTS), start the lane again, then `baton resume ID --why …`.",
  });
}

class Attempt {
  readonly #parts: AttemptParts;
  /** By this stage run before. */
  readonly #before: Amount;
  #own: Amount = NO_AMOUNT;

  constructor(parts: AttemptParts) {
    this.#parts = parts;
    this.#before = most(sumOf(parts.place.calls()), parts.job.reported ?? NO_AMOUNT);
  }

  async run(): Promise<Delivery> {
    const { place, call } = this.#parts;
    const claim = place.claim();
    if (claim) await sweepClaim(claim);
    place.saveClaim(ownClaim());
    const state = place.state();
    if (state?.phase === "delivered") return this.#takenUp(state);
    if (state?.phase === "ended" && state.end?.failure?.class !== "transient")
      return this.#concluded(state);
    const budgets = this.#budgets();
    const cutBy = spentOf(budgets);
    if (cutBy) return this.#refused(state, cutBy);
    const begun = (state && resumed(state)) ?? this.#anew();
    call.progress(begun.resumes > 0 ? "going on with its session" : "starting the program");
    const performed = await performRun(this.#parts, { begun, budgets });
    this.#own = performed.spent;
    return this.#concluded(performed.state);
  }

  #anew(): RunState {
    const { place, job } = this.#parts;
    return { phase: "running", tree: place.newTree(job), resumes: 0 };
  }

  #budgets(): Budget[] {
    const { stageRun, candidate, spent } = this.#parts.job.assignment;
    const before = this.#before;
    return [
      ...(stageRun ? [{ scope: "stage-run" as const, limit: stageRun, spent: before }] : []),
      ...(candidate
        ? [{ scope: "candidate" as const, limit: candidate, spent: plusAmount(spent, before) }]
        : []),
    ];
  }

  /** Nothing is begun on a budget that is spent. */
  #refused(state: RunState | undefined, cutBy: SpentBudget): Delivery {
    const failure = budgetFailure(cutBy);
    const end: EndRecord = { how: "budget", ms: 0, failure, cutBy };
    return this.#delivery(state, end, { kind: "failed", failure });
  }

  /** What an ended run comes to. */
  #concluded(state: RunState): Delivery {
    const { end } = state;
    if (end === undefined) throw new Error("a run that ended says how");
    if (end.how === "stopped") return this.#delivery(state, end, { kind: "stopped" });
    if (end.failure) return this.#delivery(state, end, { kind: "failed", failure: end.failure });
    this.#parts.call.progress("taking out what was delivered");
    let files: DeliveredFile[];
    try {
      files = this.#harvested(state);
    } catch (error) {
      const failure = failureIn(error);
      if (!failure) throw error;
      const refused: EndRecord = { ...end, how: "refused", failure };
      this.#parts.place.save({ ...state, end: refused });
      return this.#delivery(state, refused, { kind: "failed", failure });
    }
    this.#parts.place.saveDelivery(state, files);
    return this.#delivery(state, end, { kind: "files", files });
  }

  #harvested({ tree }: RunState): DeliveredFile[] {
    const { job, place, program } = this.#parts;
    const { document, inputs } = job;
    // As its tree was made with it: another attempt's has another deadline.
    const given = { ...inputs, "job.json": place.given(tree) };
    const files = harvest(place.pathOf(tree), { given, surfaces: document.surfaces });
    if (files.length > 0) return files;
    throw new StageFailure({
      class: "deterministic",
      code: "E_AGENT_NOTHING",
      message: `${program.adapter.agent} says that it is done, and nothing was written`,
      action:
        "Read what it wrote: `baton logs ID`. `baton resume ID --why …` has it done again, in a new run.",
    });
  }

  #takenUp(state: RunState): Delivery {
    const files = this.#parts.place.delivery(state);
    const end: EndRecord = { how: "taken-up", ms: 0 };
    return this.#delivery(state, end, { kind: "files", files });
  }

  #delivery(state: RunState | undefined, end: EndRecord, outcome: Delivery["outcome"]): Delivery {
    const { program, job } = this.#parts;
    const { network, model = state?.model } = job.assignment.executor;
    const { version, session } = state ?? {};
    const logs = logsOf(this.#parts);
    const work: WorkDone = {
      agent: program.adapter.agent,
      ...(version !== undefined && { version }),
      ...(model !== undefined && { model }),
      ...(session !== undefined && { session }),
      network,
      ended: end.how,
      ms: end.ms,
      ...(network === "model" && { spent: this.#own }),
      sum: plusAmount(this.#before, this.#own),
      ...(end.cutBy && { cutBy: end.cutBy }),
    };
    return {
      work,
      logs: {
        "agent-output.jsonl": logTail(logs.stdout, 2 ** 20),
        "agent-errors.txt": logTail(logs.stderr, 2 ** 16),
      },
      outcome,
    };
  }
}

/** C2 */
function resumed(state: RunState): RunState | undefined {
  if (state.session === undefined || state.resumes > 0) return undefined;
  const { end: _end, ...kept } = state;
  return { ...kept, phase: "running", resumes: state.resumes + 1 };
}

function spentOf(budgets: readonly Budget[]): SpentBudget | undefined {
  for (const { scope, limit, spent } of budgets)
    for (const measure of MEASURES) {
      const limited = limit[measure];
      if (limited !== undefined && spent[measure] >= limited)
        return { scope, measure, limit: limited, spent: spent[measure] };
    }
  return undefined;
}

const Typed = Failure.pick({ class: true, code: true, action: true });

function failureIn(error: unknown): Failure | undefined {
  const typed = Typed.safeParse(error);
  if (!(error instanceof Error) || !typed.success) return undefined;
  const { class: kind, code, action } = typed.data;
  return { class: kind, code, message: error.message, action };
}

function most(one: Amount, other: Amount): Amount {
  const [tokens = 0, micros = 0, calls = 0] = MEASURES.map((it) => Math.max(one[it], other[it]));
  return { tokens, micros, calls };
}
