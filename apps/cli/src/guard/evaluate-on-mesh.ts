/** `baton guard evaluate-failure --mesh`: what follows the failure for which a candidate stands where it stands. */
import { type MeshNamed, pinnedPlaybook, readLast } from "@baton/client";
import { evaluateFailure, stageRule } from "@baton/playbook";
import { UserError, EXIT } from "@baton/text/user-error";

import { openCommandSession } from "../command-session.ts";
import { type EvaluateFailureOptions, failureAnswer } from "./evaluate-failure.ts";
import { checkId, refuseAssertions, requireOptions } from "./guard-arguments.ts";
import { answer } from "./guard-output.ts";

/** Evaluates and answers. Throws `UserError`: E_USAGE for a claim, E_CONFLICT if no failure stands. */
export async function evaluateOnMesh(
  options: EvaluateFailureOptions,
  globals: MeshNamed,
): Promise<void> {
  refuseAssertions({
    policy: options.policy,
    state: options.state,
    "run-id": options.runId,
    stage: options.stage,
    "failure-class": options.failureClass,
    attempt: options.attempt,
  });
  const given = requireOptions({ "candidate-id": options.candidateId });
  const candidateId = checkId("--candidate-id", given("candidate-id"));
  await using session = await openCommandSession(globals);
  const { artifacts } = session;
  const { entry, sequence } = await readLast(session, candidateId);
  const { stage, failure, attempt, runId, holder, reason } = entry;
  if (!failure || attempt === 0) {
    throw new UserError({
      code: "E_CONFLICT",
      exit: EXIT.conflict,
      message: `no failure stands: ${candidateId} is at ${stage} (${reason})`,
      action: "`baton explain` says what it waits for.",
    });
  }
  const playbook = await pinnedPlaybook(artifacts, entry.playbook);
  // As the lane and the coordinator count: the attempts of this stage run.
  const failed = { stage, class: failure.class, attempt, failuresBefore: attempt - 1 };
  const action = evaluateFailure(stageRule(playbook, stage).policies[failure.class], failed);
  await answer(
    {
      ...failureAnswer(action, failed),
      failure,
      journal: { holder, reason, runId, sequence, stage },
      playbook: { digest: playbook.digest, file: null, version: playbook.version },
    },
    action.action === "retry",
  );
}
