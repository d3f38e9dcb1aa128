/** Stage promotion-prerequisites: everything that must be in place before anything is rolled out; changes nothing. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { type GateOutcome, PromotionPrerequisites, verdictOf } from "@baton/artifacts";
import { cut } from "@baton/contracts";
import { GitError, openMainReader, openWorktree } from "@baton/gitops";
import { done, inputDigests, type StageContext, type StageOutcome } from "@baton/lanekit";
import { z } from "zod";

import { brokerAccounts } from "./broker-access.ts";
import { tasksNotOnMain } from "./closed-tasks.ts";
import { engineOf } from "./engine-access.ts";
import { gateProblem } from "./gate-evidence.ts";
import { loadHeldBackData } from "./held-back-data.ts";
import { foreignSwitch } from "./promotion-guard.ts";
import { lineageProblems, readRolloutInputs, type RolloutInputs } from "./rollout-inputs.ts";
import type { RolloutOptions } from "./rollout-options.ts";
import { POLICY_VERSION } from "./rollout-policy.ts";
import { readStrategy, renderStrategy, type RenderedStrategy } from "./strategy-configmap.ts";
import { strategySignals } from "./strategy-signals.ts";

/** Artifacts that every promoted run has; the names are the playbook's. */
const REQUIRED = [
  "research/candidate-spec.json",
  "research/dataset-manifest.json",
  "build/plugin.json",
  "build/test-report.json",
  "build/catalog-entry.json",
  "backtest/evaluation-report.json",
  "backtest/walkforward-results.json",
  "gates/fold-metrics-v1.json",
  "gates/stress-metrics-v1.json",
  "gates/gate-evaluation.json",
] as const;

/** What lane B observed when it pushed. */
const ObservedBuild = z.object({ branch: z.string(), commit: z.string() });

function outcome(gateId: string, reasons: readonly (string | undefined)[]): GateOutcome {
  const problems = reasons.flatMap((reason) => (reason === undefined ? [] : [cut(reason, 300)]));
  return { gateId, status: problems.length > 0 ? "fail" : "pass", reasons: problems.slice(0, 50) };
}

/** What says nothing about the candidate: a new run wouldn't mend it, a person decides. */
function undecided(gateId: string, reason: string | undefined): GateOutcome {
  return reason === undefined
    ? { gateId, status: "pass", reasons: [] }
    : { gateId, status: "inconclusive", reasons: [cut(reason, 300)] };
}

/** What is wrong with the strategy's branch, from the repository itself; undefined if it has what was built. */
async function branchProblem(
  context: StageContext,
  { plugin, catalog }: RolloutInputs,
  options: RolloutOptions,
): Promise<string | undefined> {
  if (!context.inputs.some(({ name }) => name === "observed/build.json"))
    return "observed/build.json is missing: nobody knows where the strategy was pushed";
  const { branch, commit } = await context.readJson("observed/build.json", ObservedBuild);
  const { strategyRepository: repository, cacheDir } = options;
  try {
    await using tree = await openWorktree({ repository, cacheDir, branch, signal: context.signal });
    const head = await tree.head();
    if (head !== commit) return `the head of ${branch} is ${head}, but ${commit} was built`;
    const source = await readFile(join(tree.dir, catalog.path)).catch(() => undefined);
    if (source === undefined) return `${branch} has no ${catalog.path}`;
    const sha256 = createHash("sha256").update(source).digest("hex");
    return sha256 === plugin.sourceSha256
      ? undefined
      : `${catalog.path} on ${branch} hashes to ${sha256}, but ${plugin.sourceSha256} was built`;
  } catch (error) {
    // A remote that is away may come back: tried again. Anything else is what the gate is for.
    if (error instanceof GitError && error.class !== "transient") return error.message;
    throw error;
  }
}

/** Renders without writing; the reason if it can't be read back as what it should be. */
async function dryRendering(
  context: StageContext,
  inputs: RolloutInputs,
  options: RolloutOptions,
): Promise<RenderedStrategy> {
  const data = await loadHeldBackData(context, inputs, options);
  const { sandbox } = options;
  const signals = await strategySignals(context, inputs, { data, sandbox });
  const rendered = renderStrategy(context, inputs, signals);
  readStrategy(rendered.text);
  return rendered;
}

/**
 * Throws a transient failure if repository, engine or broker can't be asked, and a stop while the mesh's kill switch is
 * engaged; gives what a person must mend.
 */
async function surroundings(
  context: StageContext,
  options: RolloutOptions,
): Promise<readonly GateOutcome[]> {
  const { signal, candidateId } = context;
  const { repository, token, cacheDir, mesh } = options;
  const remote = { repository, token, cacheDir, signal };
  await using reader = await openMainReader(remote);
  await reader.head();
  const { refused } = await engineOf(options, signal).status();
  const ours = refused.find(({ file }) => file === `${candidateId}.yaml`);
  const broker = brokerAccounts(options.broker, signal)(candidateId);
  const { status } = await broker.accountState();
  return [
    outcome("gitops-repository", []),
    outcome("engine", [ours && `the engine refuses ${ours.file}: ${ours.problem}`]),
    outcome("broker", [status === "ACTIVE" ? undefined : `the broker's account is ${status}`]),
    undecided("kill-switch", await foreignSwitch({ mesh, broker })),
    outcome("git-tasks", await tasksNotOnMain(candidateId, mesh, remote)),
  ];
}

function report(
  context: StageContext,
  of: {
    gates: readonly GateOutcome[];
    target: "shadow" | "paper" | "live";
    sourceSha256: string | null;
    configHash: string | null;
  },
): PromotionPrerequisites {
  const { candidateId, runId, stage } = context;
  return {
    schemaVersion: "baton.gate-report.v1",
    candidateId,
    runId,
    stage,
    policyVersion: POLICY_VERSION,
    verdict: verdictOf(of.gates),
    gates: [...of.gates],
    promotionTarget: of.target,
    // observed/build.json is looked at too; its digest depends on the clock and stays out of a lasting artifact.
    inputs: inputDigests(context, REQUIRED),
    sourceSha256: of.sourceSha256,
    configHash: of.configHash,
  };
}

/**
 * Checks every earlier artifact and gate of the run, the strategy's branch, the services that a rollout needs, and a dry
 * rendering. What can be mended by a new run fails the gate; a service that is away is a transient failure.
 */
export async function promotionPrerequisites(
  context: StageContext,
  options: RolloutOptions,
): Promise<StageOutcome> {
  const names = new Set(context.inputs.map(({ name }) => name));
  const missing = REQUIRED.filter((name) => !names.has(name));
  context.progress("checking artifacts");
  const inputs = await readRolloutInputs(context);
  const lineage = lineageProblems(context, inputs);
  context.progress("checking repository, engine and broker");
  const gates = [
    outcome(
      "artifacts-complete",
      missing.map((name) => `${name} is missing from the run`),
    ),
    outcome("lineage", lineage),
    outcome("gate-evaluation", [await gateProblem(context, "gates/gate-evaluation.json")]),
    outcome("strategy-branch", [await branchProblem(context, inputs, options)]),
    ...(await surroundings(context, options)),
  ];
  context.progress("rendering the strategy without writing it");
  const rendered = lineage.length > 0 ? undefined : await dryRendering(context, inputs, options);
  gates.push(
    outcome("rendering", [rendered ? undefined : "not tried: the artifacts contradict each other"]),
  );
  const result = report(context, {
    gates,
    target: inputs.research.spec.promotion.target,
    sourceSha256: lineage.length > 0 ? null : inputs.plugin.sourceSha256,
    configHash: rendered?.hash ?? null,
  });
  await context.putJson("gates/promotion-prerequisites.json", PromotionPrerequisites.parse(result));
  const failed = gates.filter(({ status }) => status === "fail" || status === "inconclusive");
  return done(
    failed.length === 0
      ? `all ${gates.length} prerequisites of the promotion are met`
      : `${failed.length} of ${gates.length} prerequisites aren't met, first ${failed[0]?.gateId}: ${failed[0]?.reasons[0]}`.slice(
          0,
          900,
        ),
    result.verdict,
  );
}
