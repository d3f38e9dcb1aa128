/** The two candidates that come as far as a live ramp: one goes live, of the other an incident is made. */
import { setTimeout as delay } from "node:timers/promises";

import { type MeshState, readerHeaders } from "@baton/client";
import type { Entry } from "@baton/contracts";
import { z } from "zod";

import {
  AUTHOR,
  ON_CALL,
  type Played,
  refusalOf,
  REVIEWERS,
  type Stage,
  send,
  sendToMesh,
  STUCK,
  submit,
  until,
  untilClosed,
} from "./acts.ts";
import { probeKillSwitch } from "./kill-switch-probe.ts";
import type { Story } from "./stories.ts";

const LOOK_AGAIN_MS = 100;
const OTHER_EVIDENCE = "0".repeat(64);

/** Refused approvals, a reminder, the kill switch, two approvals, the live ramp. */
export async function playTrend(story: Story, stage: Stage, played: Played): Promise<void> {
  const [first, second] = REVIEWERS;
  await submit(story, stage, played);
  await untilAsked(story, stage);
  const refused = played.refusedApprovals;
  refused["by its author"] = await refusalOf(send(story, stage, { type: "approve", by: AUTHOR }));
  refused["on other evidence"] = await refusalOf(
    send(story, stage, { type: "approve", by: first, evidence: OTHER_EVIDENCE }),
  );
  for (const [what, code] of Object.entries(refused))
    stage.tell("trend", `an approval ${what} is refused (${code ?? "it isn't!"})`);
  played.reminders = await untilReminded(story, stage);
  stage.tell("trend", `people were reminded of the question`);
  await send(story, stage, { type: "approve", by: first });
  stage.tell("trend", `approved by ${first}`);
  // An engaged switch would also stop the drills and ramps of the others.
  await stage.othersAtRest;
  played.killSwitch = await probeKillSwitch(stage, {
    promote: () => send(story, stage, { type: "approve", by: second }),
  });
  await send(story, stage, { type: "approve", by: second });
  stage.tell("trend", `approved by ${second}`);
  await untilClosed(story, stage);
}

/** Approved by one of two when people open an incident: recovery, and the approval is worth nothing. */
export async function playIncident(story: Story, stage: Stage, played: Played): Promise<void> {
  const { candidateId } = story;
  await submit(story, stage, played);
  await untilAsked(story, stage);
  await send(story, stage, { type: "approve", by: REVIEWERS[0] });
  stage.tell("incident", `approved by ${REVIEWERS[0]}, one of two`);
  const opened = await sendToMesh(stage, ON_CALL, { type: "incident", candidateId });
  const { about } = opened.outcome;
  const id = about?.kind === "incident-opened" ? about.id : "";
  played.incident = { id, closed: false };
  stage.tell("incident", `incident ${id} opened by ${ON_CALL}`);
  await until(story, stage, "recovery", ({ incident }) => incident?.id === id);
  await untilClosed(story, stage);
  await sendToMesh(stage, ON_CALL, { type: "close-incident", incidentId: id });
  played.incident = { id, closed: true };
  stage.tell("incident", `incident ${id} closed by ${ON_CALL}`);
}

function untilAsked(story: Story, stage: Stage): Promise<unknown> {
  const asks = ({ reason }: Entry): boolean => reason === "APPROVAL_REQUIRED" || STUCK.has(reason);
  return until(story, stage, "the question for an approval", asks);
}

const Reviews = z.object({
  reviews: z.array(z.object({ candidateId: z.string(), remindersSent: z.int() })),
});

/** Waits until escalation has brought the open question up again; the number of reminders. */
async function untilReminded({ candidateId }: Story, { mesh, signal }: Stage): Promise<number> {
  for (;;) {
    signal.throwIfAborted();
    const sent = await remindersOf(candidateId, mesh.state());
    if (sent > 0) return sent;
    await delay(LOOK_AGAIN_MS, undefined, { signal });
  }
}

/** 0 also while it can't be asked: it may just have been killed. */
async function remindersOf(
  candidateId: string,
  { addresses, dataDir }: Pick<MeshState, "addresses" | "dataDir">,
): Promise<number> {
  try {
    const answer = await fetch(`${addresses["escalation"]}/reviews`, {
      headers: readerHeaders(dataDir),
      signal: AbortSignal.timeout(2000),
    });
    const { reviews } = Reviews.parse(await answer.json());
    return reviews.find((review) => review.candidateId === candidateId)?.remindersSent ?? 0;
  } catch {
    return 0;
  }
}
