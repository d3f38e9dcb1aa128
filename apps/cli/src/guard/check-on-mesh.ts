/**
 * `baton guard check-transition --mesh`: takes no claims. Journal, artifacts and gate report are read and judged by the
 * coordinator's own functions, and the answer shows the receipt that it would write.
 */
import {
  gatherStored,
  lastControls,
  type MeshNamed,
  pinnedPlaybook,
  readLast,
  type Session,
} from "@baton/client";
import {
  type Entry,
  type WholeEntry,
  type EvidenceRecord,
  type GuardReceipt,
  incidentsOf,
  reportSubject,
  type ResultReport,
  type Stage,
  STREAMS,
} from "@baton/contracts";
import { type Artifacts, parseReport, readLastEntries } from "@baton/mesh";
import {
  approvalRuleFor,
  assess,
  checkPassage,
  evidenceFor,
  type Playbook,
  stageRule,
  type Stop,
  stopFor,
} from "@baton/playbook";
import { UserError, EXIT } from "@baton/text/user-error";
import { adviceOnStop, faultText, inTerminal, stopText } from "@baton/views";

import { openCommandSession } from "../command-session.ts";
import type { CheckTransitionOptions } from "./check-transition.ts";
import { checkId, checkStage, refuseAssertions, requireOptions } from "./guard-arguments.ts";
import { answer } from "./guard-output.ts";
import { type VerdictWords, wordsFor } from "./verdict-words.ts";

/** Decides and answers. Throws `UserError`: E_USAGE for a claim, E_NOT_FOUND for an unknown candidate, E_CONFLICT for a closed one. */
export async function checkOnMesh(
  options: CheckTransitionOptions,
  globals: MeshNamed,
): Promise<void> {
  refuseClaims(options);
  const given = requireOptions({
    "candidate-id": options.candidateId,
    "to-stage": options.toStage,
  });
  const candidateId = checkId("--candidate-id", given("candidate-id"));
  await using session = await openCommandSession(globals);
  const { artifacts } = session;
  const last = await readLast(session, candidateId).then(readLastEntries(session.jsm).wholeStored);
  const { entry, sequence } = last;
  if (entry.holder === "closed") throw isClosed(entry);
  const playbook = await pinnedPlaybook(artifacts, entry.playbook);
  const { stage: to, lane } = checkStage("--to-stage", given("to-stage"), playbook);
  const found = await findProof({ session, artifacts, playbook }, entry);
  const { evidence, gatePassed } = found;
  const controls = await lastControls(session);
  const stop = stopFor(controls?.controls, playbook, {
    candidateId,
    to,
    recovering: incidentsOf(entry),
  });
  const verdict = checkPassage(playbook, entry, { to, evidence: found.usable, gatePassed, stop });
  const { runId, stage, hold } = entry;
  const state = { candidateId, runId, activeStage: stage, paused: hold !== null };
  const words = wordsFor(verdict, {
    ...found,
    playbook,
    stop: stop && wordsOf(stop),
    request: { candidateId, runId, to, state },
  });
  const receipt: GuardReceipt = { from: stage, to, rule: verdict.reason };
  const approvals =
    approvalRuleFor({ playbook, last, now: entry.time, cause: entry.cause }, to)?.required ?? 0;
  await answer(
    {
      ...verdict,
      ...words,
      ...(verdict.allowed &&
        approvals > 0 && {
          advice: `${to} then waits for ${approvals} approval${approvals > 1 ? "s" : ""}.`,
        }),
      approvals,
      code: verdict.allowed ? null : "E_GUARD",
      controls: { sequence: controls?.sequence ?? null, stop: stop?.reason ?? null },
      evidence,
      journal: { holder: entry.holder, reason: entry.reason, runId, sequence, stage },
      lane,
      playbook: { digest: playbook.digest, file: null, version: playbook.version },
      receipt: verdict.allowed ? receipt : null,
      toStage: to,
    },
    verdict.allowed,
  );
}

function refuseClaims(options: CheckTransitionOptions): void {
  refuseAssertions({
    policy: options.policy,
    state: options.state,
    "run-id": options.runId,
    "from-stage": options.fromStage,
    "previous-artifact": options.previousArtifact,
    "previous-gate-passed": options.previousGatePassed,
    "risk-controls-passed": options.riskControlsPassed,
    "execution-controls-passed": options.executionControlsPassed,
    mode: options.mode,
    "emergency-ticket": options.emergencyTicket,
  });
}

/** What is proved about the stage that would be left. */
interface Proof {
  readonly evidence: EvidenceRecord | null;
  /** The same if it bears a move; null if something is wrong with it. */
  readonly usable: EvidenceRecord | null;
  readonly gatePassed: boolean;
  readonly artifactFault: string | undefined;
  readonly gateFault: string | undefined;
}

async function findProof(
  on: { session: Session; artifacts: Artifacts; playbook: Playbook },
  entry: WholeEntry,
): Promise<Proof> {
  const { session, artifacts, playbook } = on;
  const report = await storedResult(session, entry, stageRule(playbook, entry.stage).lane);
  if (!report) return unproved(`${entry.stage} of ${entry.runId} hasn't reported`);
  const { outcome } = report;
  if (outcome.kind === "failed")
    return unproved(`${entry.stage} of ${entry.runId} failed: ${outcome.failure.code}`);
  const request = evidenceFor(report, entry, playbook);
  const evidence = request && (await gatherStored(request, artifacts));
  const rule = stageRule(playbook, entry.stage);
  const { verdict, fault: found } = assess(rule, entry, { report, outcome, evidence, playbook });
  const fault = found && faultText(found);
  return {
    evidence,
    usable: fault === undefined ? evidence : null,
    gatePassed: fault === undefined && verdict === "pass",
    artifactFault: fault ?? (request ? undefined : "its result names none"),
    gateFault: fault ?? `its verdict is ${verdict}`,
  };
}

function wordsOf({ reason, stage, by }: Stop): VerdictWords {
  const message = `${reason}: ${stage} waits: ${stopText(by)}`;
  return { message, advice: inTerminal(adviceOnStop(by)) };
}

function unproved(why: string): Proof {
  return { evidence: null, usable: null, gatePassed: false, artifactFault: why, gateFault: why };
}

async function storedResult(
  { jsm }: Session,
  { candidateId, stage, runId }: { candidateId: string; stage: Stage; runId: string },
  lane: Parameters<typeof reportSubject>[0]["lane"],
): Promise<ResultReport | undefined> {
  const subject = reportSubject({ lane, candidateId, stage, runId, part: "result" });
  const message = await jsm.streams.getMessage(STREAMS.reports.name, { last_by_subj: subject });
  const report = message ? parseReport(message.data) : undefined;
  return typeof report === "object" && report.type === "result" ? report : undefined;
}

function isClosed({ candidateId, reason, time }: Entry): UserError {
  return new UserError({
    code: "E_CONFLICT",
    exit: EXIT.conflict,
    message: `${candidateId} is closed (${reason}) since ${time}: it goes nowhere any more`,
    action: "Submit a changed candidate if it should be tried again.",
  });
}
