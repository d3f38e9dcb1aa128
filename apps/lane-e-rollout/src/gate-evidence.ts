import { GateReport, verdictOf } from "@baton/artifacts";
import { type StageContext, StageFailure } from "@baton/lanekit";

/** Why a gate report of this run isn't a pass, as a sentence; undefined if it is one. */
export async function gateProblem(
  context: StageContext,
  name: string,
): Promise<string | undefined> {
  const ref = context.inputs.find((input) => input.name === name);
  if (ref === undefined) return `${name} is missing from the run`;
  const report = await context.readJson(name, GateReport);
  if (report.candidateId !== context.candidateId)
    return `${name} is about ${report.candidateId}, not ${context.candidateId}`;
  if (report.runId !== ref.runId) return `${name} is of run ${report.runId}, not ${ref.runId}`;
  // The verdict is recomputed: nobody may simply claim that a gate passed.
  const verdict = verdictOf(report.gates);
  if (report.verdict === "pass" && verdict === "pass") return undefined;
  const reason = report.gates.find(({ status }) => status !== "pass" && status !== "skipped");
  return `${name} says ${report.verdict}${reason ? `: ${reason.gateId} ${reason.reasons[0] ?? reason.status}` : ""}`;
}

/** Refuses (policy) to go on unless every one of these gate reports passed. */
export async function requireGates(context: StageContext, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const problem = await gateProblem(context, name);
    if (problem === undefined) continue;
    throw new StageFailure({
      class: "policy",
      code: "E_GATE_NOT_PASSED",
      message: problem,
      action: "Nothing is promoted on it: read the gate report; a new run may pass.",
    });
  }
}
