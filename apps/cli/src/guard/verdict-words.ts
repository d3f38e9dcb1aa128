/** The guard's reasons in words: what it found, and what to do next. */
import type { Playbook, TransitionRequest, TransitionVerdict } from "@baton/playbook/rules";

/** A verdict's words. */
export interface VerdictWords {
  readonly message: string;
  readonly advice: string;
}

/** What the words may name beside the request. */
export interface WordSources {
  readonly playbook: Playbook;
  readonly request: Pick<TransitionRequest, "candidateId" | "runId" | "to" | "state">;
  /** What is wrong with the previous artifact, and why its gate counts as not passed. */
  readonly artifactFault: string | undefined;
  readonly gateFault: string | undefined;
  /** What the mesh's controls stop it for, in words; left out where only claims are known. */
  readonly stop?: VerdictWords | undefined;
}

/** Words for a verdict. */
export function wordsFor(verdict: TransitionVerdict, sources: WordSources): VerdictWords {
  const { request, playbook } = sources;
  const from = request.state.activeStage;
  if (verdict.allowed) {
    const { mutable, lane } = playbook.stages.get(request.to) ?? { mutable: false, lane: "" };
    return {
      message: `${from ?? "nothing"} -> ${request.to} is allowed`,
      advice: `Hand ${request.to} to ${lane}${mutable ? "; it changes things, so by pull request" : ""}.`,
    };
  }
  const [reason = "", detail = ""] = verdict.reason.split(/:(.*)/s);
  return words(reason, detail, sources);
}

function words(reason: string, detail: string, sources: WordSources): VerdictWords {
  const { request, playbook } = sources;
  const { state, to, candidateId, runId } = request;
  switch (reason) {
    case "active_stage_mismatch":
      return {
        message: `the state's active stage is ${detail}, not the one that --from-stage names`,
        advice: "Read the state again: the candidate has moved, or another one is meant.",
      };
    case "missing_run_id":
      return { message: "the state names no run", advice: "Write runId into the state." };
    case "run_mismatch":
      return {
        message: `the state is of ${detail}, asked is ${runId}`,
        advice: "Ask about the run that is under way, or read its own state.",
      };
    case "missing_source_stage":
      return {
        message: `the state has no active stage: a candidate without one may only enter ${playbook.start}, and --from-stage proves nothing`,
        advice: `Write activeStage into the state, or start at ${playbook.start}.`,
      };
    case "illegal_transition":
      return illegal(state.activeStage ?? "", to, playbook);
    case "missing_candidate_id":
      return {
        message: "the state names no candidate",
        advice: "Write candidateId into the state.",
      };
    case "candidate_mismatch":
      return {
        message: `the state is of another candidate than ${candidateId}`,
        advice: "Ask with the candidate's own state.",
      };
    default:
      return evidenceWords(reason, sources);
  }
}

function illegal(from: string, to: string, playbook: Playbook): VerdictWords {
  const next = playbook.stages.get(from)?.to ?? [];
  return {
    message: `the playbook has no edge from ${from} to ${to}`,
    advice:
      next.length === 0
        ? `Nothing follows ${from}: the run is over.`
        : `${from} leads to ${next.join(" or ")}.`,
  };
}

function evidenceWords(reason: string, sources: WordSources): VerdictWords {
  const { request, artifactFault, gateFault, stop } = sources;
  const source = request.state.activeStage ?? "the stage before";
  switch (reason) {
    case "candidate_paused_for_review":
      return {
        message: `${request.candidateId} is paused: only its recovery stage is open`,
        advice: "A person has to look at it and lift the pause.",
      };
    case "missing_previous_artifact":
      return {
        message: `the artifact of ${source} can't be relied on: ${artifactFault ?? "missing"}`,
        advice: `Name what ${source} made for this candidate and run, or run ${source} again.`,
      };
    case "previous_gate_failed":
      return {
        message: `the gate of ${source} didn't pass: ${gateFault ?? "nothing says that it did"}`,
        advice: "Roll back what was prepared, and read the gate's reasons.",
      };
    case "risk_controls_not_passed":
    case "execution_controls_not_passed":
      if (stop) return stop;
      return {
        message: `${reason.startsWith("risk") ? "risk" : "execution"} controls haven't passed; they have the last word`,
        advice: "Roll back, mend what they name, and have them run again.",
      };
    case "mutable_action_requires_gitops_or_ticketed_emergency":
      return {
        message: `${request.to} changes things: outside of Git only recovery may, in an emergency with a ticket`,
        advice: "Go through Git, or open an incident and name its ticket.",
      };
    default:
      return { message: reason, advice: "Read the playbook's rule of that name." };
  }
}
