/** `baton guard check-transition` on files: may a candidate go to a stage? The coordinator asks the same function. */
import { checkTransition, type TransitionRequest } from "@baton/playbook/rules";

import { checkId, checkStage, filled, requireOptions } from "./guard-arguments.ts";
import { answer, decidedBy } from "./guard-output.ts";
import { readGuardState } from "./guard-state.ts";
import { loadPlaybook, playbookFile } from "./load-playbook.ts";
import { examineArtifact } from "./previous-artifact.ts";
import { wordsFor } from "./verdict-words.ts";

/** What the command line said. */
export interface CheckTransitionOptions {
  readonly policy?: string;
  readonly state?: string;
  readonly candidateId?: string;
  readonly runId?: string;
  readonly fromStage?: string;
  readonly toStage?: string;
  readonly previousArtifact?: string;
  readonly previousGatePassed?: true;
  readonly riskControlsPassed?: true;
  readonly executionControlsPassed?: true;
  readonly mode?: "gitops" | "emergency";
  readonly emergencyTicket?: string;
}

/** Decides and answers. Throws `UserError`: E_USAGE for a missing option, E_INVALID for what files and options hold. */
export async function checkOnFiles(options: CheckTransitionOptions): Promise<void> {
  const given = requireOptions({
    state: options.state,
    "candidate-id": options.candidateId,
    "run-id": options.runId,
    "to-stage": options.toStage,
  });
  const loaded = await loadPlaybook(playbookFile(options.policy, process.env));
  const { playbook } = loaded;
  const candidateId = checkId("--candidate-id", given("candidate-id"));
  const runId = checkId("--run-id", given("run-id"));
  const { stage: to, lane } = checkStage("--to-stage", given("to-stage"), playbook);
  const from = filled(options.fromStage) ?? null;
  if (from !== null) checkStage("--from-stage", from, playbook);
  const state = await readGuardState(given("state"));
  const { activeStage } = state;
  if (activeStage !== null) checkStage("activeStage of --state", activeStage, playbook);
  const artifact = await examineArtifact(options.previousArtifact, {
    candidateId,
    runId,
    stage: activeStage,
  });
  const request: TransitionRequest = {
    candidateId,
    runId,
    from,
    to,
    state,
    previousArtifact: artifact.fault === undefined,
    // A claim doesn't stand against what the artifact itself says.
    previousGatePassed: options.previousGatePassed === true && artifact.gateFault === undefined,
    riskControlsPassed: options.riskControlsPassed === true,
    executionControlsPassed: options.executionControlsPassed === true,
    mode: options.mode ?? "gitops",
    emergencyTicket: options.emergencyTicket ?? null,
  };
  const verdict = checkTransition(playbook, request);
  const words = wordsFor(verdict, {
    playbook,
    request,
    artifactFault: artifact.fault,
    gateFault: artifact.gateFault ?? "--previous-gate-passed wasn't given",
  });
  await answer(
    {
      ...verdict,
      ...words,
      code: verdict.allowed ? null : "E_GUARD",
      lane,
      toStage: to,
      playbook: decidedBy(loaded),
    },
    verdict.allowed,
  );
}
