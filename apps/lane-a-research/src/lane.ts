/**
 * Lane A: takes a specification as it was submitted and writes down, before anything is backtested, what will be tested
 * on which rows, how many trials there are, and what would prove the thesis wrong.
 */
import type { CandidateSpec } from "@baton/artifacts";
import type { WalkForwardLimits } from "@baton/contracts";
import {
  defineLane,
  done,
  type LaneDefinition,
  type StageContext,
  StageFailure,
  type StageOutcome,
} from "@baton/lanekit";
import {
  loadCandidateData,
  problemsText,
  readCandidate,
  rowProblems,
  type SpecProblem,
} from "@baton/market";

import { declareTrials } from "./declared-trials.ts";
import { rationaleOf } from "./rationale.ts";
import { manifestOf, researchOf } from "./research-artifacts.ts";

/** What lane A is told by its configuration. */
export interface ResearchOptions {
  /** True allows the faults that a candidate injects on purpose. */
  readonly drills: boolean;
}

/** Fails an attempt as the candidate asks for, or refuses to. */
function drill(context: StageContext, { drills }: CandidateSpec, allowed: boolean): void {
  if (drills === undefined) return;
  if (!allowed)
    throw new StageFailure({
      class: "policy",
      code: "E_DRILL_FORBIDDEN",
      message: `the specification asks for injected faults (drills: ${Object.keys(drills).join(", ")}), which this system doesn't allow`,
      action: "Take `drills` out of the specification, or run it where BATON_DRILLS=1 is set.",
    });
  const failures = drills.dataSourceFailures ?? 0;
  if (context.attempt <= failures)
    throw new StageFailure({
      class: "transient",
      code: "E_DATA_UNAVAILABLE",
      message: `drill: the data source doesn't answer (failure ${context.attempt} of ${failures})`,
      action: "Check that the data source answers.",
    });
}

/** The failure that names every wrong place; `baton submit` finds the same ones with the same functions. */
function specFailure(problems: readonly SpecProblem[]): StageFailure {
  return new StageFailure({
    class: "spec",
    code: "E_SPEC",
    message: problemsText(problems),
    action:
      "Correct what is named, then submit the specification again; changed, it is a new candidate. `baton submit --check` finds the same without submitting.",
  });
}

/** The specification, if it makes sense; otherwise a StageFailure with all that doesn't. */
function understood(document: unknown, limits: WalkForwardLimits): CandidateSpec {
  const read = readCandidate(document, limits);
  if (read.problems) throw specFailure(read.problems);
  return read.spec;
}

async function research(context: StageContext, options: ResearchOptions): Promise<StageOutcome> {
  const spec = understood(context.spec, context.walkForward);
  drill(context, spec, options.drills);
  context.progress("loading data");
  const store = { fetch: (sha256: string) => context.keep(sha256), signal: context.signal };
  const loaded = await loadCandidateData({ universe: spec.universe, store });
  const problems = rowProblems(spec, loaded, context.walkForward);
  if (problems.length > 0) throw specFailure(problems);
  const trials = declareTrials(spec.strategy);
  const manifest = manifestOf(context, spec, loaded);
  const artifact = researchOf(context, { spec, trials, manifest });
  context.signal.throwIfAborted();
  await context.putJson("research/dataset-manifest.json", manifest);
  await context.putJson("research/candidate-spec.json", artifact);
  const rationale = new TextEncoder().encode(rationaleOf(artifact, manifest));
  await context.put("research/rationale.md", rationale);
  const names = spec.universe.map(({ instrument }) => instrument).join(", ");
  return done(
    `${trials.length} trials of ${spec.strategy.plugin} declared on ${names}, ${loaded.barsPerYear} bars a year`,
  );
}

/** The lane of stage research-intake. */
export function researchLane(options: ResearchOptions): LaneDefinition {
  return defineLane({
    lane: "lane-a",
    stages: { "research-intake": (context) => research(context, options) },
  });
}
