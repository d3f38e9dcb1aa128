import { CandidateSpec } from "@baton/artifacts";
import { type StageContext, StageFailure } from "@baton/lanekit";

const Promotion = CandidateSpec.pick({ promotion: true });

/** Where the candidate wants to go, from the specification that came with the dispatch. */
export function readPromotion({
  spec,
}: Pick<StageContext, "spec">): Pick<CandidateSpec, "promotion"> {
  const parsed = Promotion.safeParse({ promotion: spec["promotion"] });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new StageFailure({
    class: "spec",
    code: "E_SPEC",
    message: `${issue?.path.join(".") ?? "promotion"}: ${issue?.message ?? "not valid"}`,
    action: "Correct the field and submit again.",
  });
}
