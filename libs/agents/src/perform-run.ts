/** One run of a stage run's program to its end; what is known of it is on disk at each moment. */
import type { Amount } from "@baton/contracts";
import type { Executor, Job } from "@baton/lanekit";
import { type Budget, type Gateway, sumOf } from "@baton/model-gateway";
import type { Sandbox } from "@baton/sandbox";
import { printable } from "@baton/text/printable";

import type { Told } from "./adapter.ts";
import { type AgentsConfig, sandboxLimits } from "./agents-config.ts";
import { ownClaim } from "./claim.ts";
import { judgeRun } from "./judge-run.ts";
import { logTail } from "./log-tail.ts";
import type { Program, Versions } from "./program-of.ts";
import { type ProgramSeen, runProgram } from "./run-program.ts";
import type { EndRecord, RunState, StageRunFolder } from "./stage-run-folder.ts";

/** What an attempt works with. */
export interface AttemptParts {
  readonly sandbox: Sandbox;
  readonly config: AgentsConfig;
  readonly gateway: Gateway | undefined;
  readonly versionOf: Versions;
  readonly job: Job;
  readonly call: Parameters<Executor["run"]>[1];
  readonly program: Program;
  readonly place: StageRunFolder;
}

/** Kept of the stage's time for the lane's own tests of what was delivered, or a tenth of what is left. */
const TESTS_MS = 60_000;
const MOST_MS = 2 ** 31 - 1;
const STDERR_BYTES = 65_536;

/** Runs it; the state that it leaves, and what it took. */
export async function performRun(
  parts: AttemptParts,
  { begun, budgets }: { readonly begun: RunState; readonly budgets: readonly Budget[] },
): Promise<{ readonly state: RunState; readonly spent: Amount }> {
  const { place, job, call, program, sandbox, gateway, versionOf } = parts;
  let state = begun;
  const keep = (more: Partial<RunState>): void => place.save((state = { ...state, ...more }));
  const version = await versionOf(program, call.signal);
  keep(version === undefined ? {} : { version });
  const startedMs = performance.now();
  const before = place.calls().length;
  const resumes = begun.resumes > 0 ? begun.session : undefined;
  const seen = await runProgram(
    { sandbox, gateway },
    {
      program,
      assignment: job.assignment,
      prompt: resumes === undefined ? job.task : `You were broken off: go on.\n\n${job.task}`,
      resumes,
      tree: place.pathOf(state.tree),
      home: place.home,
      logs: logsOf(parts),
      budgets,
      limits: { ...sandboxLimits(parts.config), timeMs: timeMs(job) },
      signal: call.signal,
      record: (fact) => place.addCall(fact),
      onStart: (pid) => place.saveClaim(ownClaim(pid)),
      onTold: (told) => {
        if (told.step !== undefined) call.progress(`${program.adapter.agent}: ${told.step}`);
        const names = namesIn(told);
        if (names.session !== state.session || names.model !== state.model)
          if (Object.keys(names).length > 0) keep(names);
      },
    },
  );
  const calls = place.calls().slice(before);
  const end = { ...judged(parts, seen, calls), ms: Math.round(performance.now() - startedMs) };
  if (end.how === "stopped") state = { ...state, end };
  else keep({ phase: "ended", end });
  return { state, spent: sumOf(calls) };
}

function judged(
  parts: AttemptParts,
  { end, told, hungAfterEnd, cutBy }: ProgramSeen,
  calls: ReturnType<StageRunFolder["calls"]>,
): Omit<EndRecord, "ms"> {
  const { agent, speaks } = parts.program.adapter;
  const { ending } = end;
  const stderr = logTail(logsOf(parts).stderr, STDERR_BYTES).toString("utf8");
  const judgement = judgeRun({
    agent,
    speaks,
    ending,
    hungAfterEnd,
    cutBy,
    calls,
    stderr,
    end: told.end,
    result: told.result,
  });
  return { ...judgement, ...(cutBy && { cutBy }) };
}

/** Files of the attempt's output. */
export function logsOf({ place, job }: Pick<AttemptParts, "place" | "job">) {
  const name = (stream: string): string => place.pathOf(`attempt-${job.attempt}.${stream}`);
  return { stdout: name("stdout"), stderr: name("stderr") };
}

function timeMs({ document, assignment }: Job): number {
  const leftMs = Date.parse(document.deadline) - Date.now();
  const ownMs = (assignment.seconds ?? Number.POSITIVE_INFINITY) * 1000;
  return Math.max(1000, Math.min(ownMs, leftMs - Math.min(TESTS_MS, leftMs / 10), MOST_MS));
}

/**
 * What a program says of itself. A session becomes an argument when it is gone on with, so it is nothing that could be read as an
 * option; a model's name is for people: printable, cut.
 */
function namesIn({ session = "", model = "" }: Told): { session?: string; model?: string } {
  const isName = /^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$/.test(session);
  const shown = printable(model).trim().slice(0, 80);
  return { ...(isName && { session }), ...(shown !== "" && { model: shown }) };
}
