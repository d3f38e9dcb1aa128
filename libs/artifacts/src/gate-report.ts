/** The common head of every gate report, so that the coordinator reads the verdict itself instead of believing a claim. */
import { CandidateId, RunId, Stage, Verdict } from "@baton/contracts";
import { z } from "zod";

/** One gate's outcome. `missing` input counts as fail (failing closed). */
export const GateOutcome = z.object({
  gateId: z.string().min(1).max(80),
  status: z.enum(["pass", "fail", "inconclusive", "skipped"]),
  reasons: z.array(z.string().max(300)).max(50),
});
export type GateOutcome = z.infer<typeof GateOutcome>;

/** What a stage's gate report must hold; lanes add their own keys. */
export const GateReport = z.looseObject({
  schemaVersion: z.literal("baton.gate-report.v1"),
  candidateId: CandidateId,
  runId: RunId,
  stage: Stage,
  policyVersion: z.string().min(1).max(120),
  verdict: Verdict,
  gates: z.array(GateOutcome).min(1).max(50),
});
export type GateReport = z.infer<typeof GateReport>;

/** The verdict that follows from the gates: one fail fails, one inconclusive leaves it open, none passing is inconclusive. */
export function verdictOf(gates: readonly GateOutcome[]): Verdict {
  if (gates.some((gate) => gate.status === "fail")) return "fail";
  if (gates.some((gate) => gate.status === "inconclusive")) return "inconclusive";
  return gates.some((gate) => gate.status === "pass") ? "pass" : "inconclusive";
}
