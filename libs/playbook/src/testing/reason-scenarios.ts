/**
 * How a candidate comes to stand for each reason: one story per code, told in what lanes, people, clocks and the broker do, so
 * that no code is in the catalogue that nothing leads to. The last entry of each story stands for its code.
 */
import { BUDGET_CODE, Reason, REASONS, STALLED_CODE } from "@baton/contracts";

import type { Playbook } from "../format/playbook.ts";
import { documentOf } from "./documents.ts";
import { failureOf } from "./reports.ts";
import { playOut } from "./steps.ts";
import { arrivedAt, begun, loaded, type Story } from "./story.ts";

/** Tells a story; `playbook` is Baton's own. */
type Scenario = (playbook: Playbook) => Story;

/** `told` after more has happened to it. */
function then(told: Story, ...happenings: ((story: Story) => unknown)[]): Story {
  for (const happen of happenings) happen(told);
  return told;
}

const failed = (kind: Parameters<typeof failureOf>[0]) => (story: Story) =>
  story.result({ failure: kind });
const judged = (verdict: "fail" | "inconclusive") => (story: Story) =>
  story.result({ verdict }, { reasons: ["net return is -0.53, at least 0 is asked for"] });

function askedForApproval(playbook: Playbook): Story {
  return then(arrivedAt(playbook, "shadow-paper"), (story) => story.result());
}

function failedTwice(playbook: Playbook): Story {
  const looped = then(arrivedAt(playbook, "gate-evaluation"), judged("fail"));
  while (looped.entry().stage !== "gate-evaluation") looped.result();
  return then(looped, judged("fail"));
}

function withoutWorkers(playbook: Playbook): Story {
  return then(begun(playbook), (story) =>
    story.ask({
      kind: "no-workers",
      dispatch: story.dispatched().sequence,
      lane: "lane-a",
      since: story.now,
    }),
  );
}

/** Git was away for long, and it is the one that is asked about. */
function withoutGit(playbook: Playbook): Story {
  return then(
    begun(playbook),
    (story) => story.attempt({ waits: true }),
    (story) => {
      const dispatch = story.dispatched().sequence;
      return story.ask({ kind: "service-away", dispatch, lane: "lane-a", waiting: 3 });
    },
  );
}

/** A change was made in an emergency of another candidate, and isn't in Git yet. */
function besideAnEmergency(playbook: Playbook): Story {
  const story = arrivedAt(playbook, "policy-dry-run");
  const candidateId = "cand-of-another";
  story.control("incident", { scope: { kind: "candidate", candidateId } });
  const incidentId = story.controls.last()?.controls.incidents[0]?.id ?? "";
  story.control("emergency", { incidentId, candidateId });
  return then(story, (told) => told.result());
}

/** Its first stage needn't name an artifact, the second asks for one. */
const trusting = documentOf({ draft: ["check"], check: [] });

/** By code. One that has no story here fails the test of the catalogue. */
const SCENARIOS: Partial<Record<Reason, Scenario>> = {
  SUBMITTED: (playbook) => begun(playbook),
  STAGE_PASSED: (playbook) => then(begun(playbook), (story) => story.result()),
  LOOPED_BACK: (playbook) => then(arrivedAt(playbook, "gate-evaluation"), judged("fail")),
  RERUN: (playbook) =>
    then(begun(playbook), failed("deterministic"), (story) => story.command("resume")),
  SENT_BACK: (playbook) => then(failedTwice(playbook), (story) => story.command("send-back")),
  APPROVED: (playbook) =>
    then(askedForApproval(playbook), (story) => {
      story.command("approve", { by: "eve" });
      story.command("approve", { by: "dan" });
    }),
  RESUMED: (playbook) =>
    then(
      begun(playbook),
      (story) => story.command("pause"),
      (story) => story.command("resume"),
    ),
  WORKERS_BACK: (playbook) =>
    then(withoutWorkers(playbook), (story) => {
      const dispatch = story.dispatched().sequence;
      return story.ask({ kind: "workers-back", dispatch, lane: "lane-a" });
    }),
  INCIDENT: (playbook) => then(arrivedAt(playbook, "shadow-paper"), judged("fail")),
  RETRY_BACKOFF: (playbook) => then(begun(playbook), (story) => story.attempt()),
  APPROVAL_REQUIRED: askedForApproval,
  PAUSED: (playbook) => then(begun(playbook), (story) => story.command("pause")),
  FROZEN: (playbook) =>
    then(
      begun(playbook),
      (story) => story.control("incident", { scope: { kind: "lane", lane: "lane-b" } }),
      (story) => story.result(),
    ),
  KILL_SWITCH: (playbook) =>
    then(
      arrivedAt(playbook, "policy-dry-run"),
      (story) => story.control("kill-switch"),
      (story) => story.result(),
    ),
  PROMOTION_BLOCKED: besideAnEmergency,
  GATE_FAILED: failedTwice,
  GATE_INCONCLUSIVE: (playbook) =>
    then(arrivedAt(playbook, "gate-evaluation"), judged("inconclusive")),
  RETRIES_EXHAUSTED: (playbook) =>
    then(begun(playbook), (story) => story.result({ failure: "transient", attempt: 5 })),
  SAME_FAILURE: (playbook) =>
    then(
      begun(playbook),
      ...[1, 2, 3].map((attempt) => (story: Story) => story.attempt({ attempt })),
    ),
  DETERMINISTIC_FAILURE: (playbook) => then(begun(playbook), failed("deterministic")),
  SPEC_INVALID: (playbook) => then(begun(playbook), failed("spec")),
  POLICY_DENIED: (playbook) => then(begun(playbook), failed("policy")),
  BUDGET: (playbook) =>
    then(begun(playbook), (story) =>
      story.result({ failure: { ...failureOf("policy"), code: BUDGET_CODE } }),
    ),
  EVIDENCE_MISSING: (playbook) =>
    then(begun(playbook), (story) =>
      story.result({}, { found: { "research/candidate-spec.json": "missing" } }),
    ),
  TRANSITION_DENIED: () =>
    then(begun(loaded(trusting)), (story) => story.result({ artifacts: [] })),
  DEADLINE_PASSED: (playbook) => then(begun(playbook), (story) => story.deadline()),
  STALLED: (playbook) =>
    then(begun(playbook), (story) =>
      story.result({ failure: { ...failureOf("transient"), code: STALLED_CODE }, attempt: 5 }),
    ),
  NO_WORKERS: withoutWorkers,
  SERVICE_AWAY: withoutGit,
  RESULT_UNREADABLE: (playbook) =>
    then(begun(playbook), (story) => story.unreadable("v: Invalid input: expected 1")),
  LANE_CRASH_LOOP: (playbook) => then(begun(playbook), (story) => story.exhausted()),
  COMPLETED: (playbook) => then(begun(playbook), (story) => playOut(story)),
  RECOVERED: (playbook) =>
    then(
      arrivedAt(playbook, "continuous-monitoring"),
      judged("fail"),
      (story) => story.result(),
      (story) => story.result(),
    ),
  CANCELLED: (playbook) => then(begun(playbook), (story) => story.command("cancel")),
  REJECTED: (playbook) =>
    then(
      then(begun(playbook), (story) => story.result({ failure: "spec" })),
      (story) => story.command("reject"),
    ),
};

/** Every code of the catalogue, with its story where there is one. */
export const REASON_SCENARIOS: readonly (readonly [
  code: Reason,
  scenario: Scenario | undefined,
])[] = Object.keys(REASONS).map((name) => {
  const code = Reason.parse(name);
  return [code, SCENARIOS[code]];
});
