/** What people and systems do to the dry run's candidates from outside, and what is waited for. */
import { setTimeout as delay } from "node:timers/promises";

import {
  type AcceptedReceipt,
  commandIdNow,
  type ControlledReceipt,
  sendCommand,
  sendControl,
  type Session,
  type SigningKey,
  storeArtifact,
} from "@baton/client";
import { Command, ControlCommand, type Entry, MESH_ID } from "@baton/contracts";
import type { RunningMesh } from "@baton/local-mesh";
import { UserError } from "@baton/text/user-error";

import type { JournalBoard } from "./journal-board.ts";
import type { Kill } from "./kill-lane.ts";
import type { SwitchProbe } from "./kill-switch-probe.ts";
import type { Story, StoryName } from "./stories.ts";

/** Who submits, and who answers: nobody may approve a candidate of their own, and a live ramp takes two. */
export const AUTHOR = "author@dry-run";
export const REVIEWERS = ["risk@dry-run", "desk@dry-run"] as const;
/** Who engages the kill switch and opens incidents. */
export const ON_CALL = "oncall@dry-run";

/** What happened, as far as it isn't in the journal. */
export interface Played {
  /** Of the submissions, in the order in which they were answered. */
  readonly receipts: { readonly story: StoryName; readonly receipt: AcceptedReceipt }[];
  /** Codes by which approvals were refused, by what was wrong with them; undefined if it was accepted. */
  readonly refusedApprovals: Record<"by its author" | "on other evidence", string | undefined>;
  /** Reminders that were sent of the first question. */
  reminders: number;
  /** What the kill switch was seen to do. */
  killSwitch: SwitchProbe | undefined;
  /** The incident that was opened and closed again, and how the attempt to close it too early ended. */
  incident: { readonly id: string; readonly closed: boolean } | undefined;
  kill: Kill | undefined;
  /** What kept a story from going on, by its name. */
  readonly trouble: Map<StoryName, string>;
}

/** What playing takes. */
export interface Stage {
  readonly session: Session;
  readonly mesh: RunningMesh;
  /** Everybody signs with a key of their own. */
  readonly keyOf: (name: string) => SigningKey | undefined;
  readonly board: JournalBoard;
  /** Aborted when time is up or somebody stops the dry run. */
  readonly signal: AbortSignal;
  /** Resolves when every other candidate has come to rest. */
  readonly othersAtRest: Promise<unknown>;
  /** Told what is done from outside. */
  readonly tell: (story: StoryName, what: string) => void;
}

const RECEIPT_WITHIN_MS = 15_000;
/** A command whose outcome isn't known is looked for in the journal, then sent again. */
const ATTEMPTS = 3;
const LOOKS = 10;
const LOOK_AGAIN_MS = 500;

/** Submits the story's candidate, again if the answer was lost. */
export async function submit(story: Story, stage: Stage, played: Played): Promise<void> {
  const { spec, source } = story;
  if (source) await storeArtifact(stage.session.artifacts, source);
  for (;;) {
    const receipt = await send(story, stage, { type: "submit", by: AUTHOR, spec });
    // Whoever submits again after a lost answer gets the original receipt.
    if (!receipt) continue;
    played.receipts.push({ story: story.name, receipt });
    return;
  }
}

type Asked =
  | { readonly type: "submit"; readonly by: string; readonly spec: unknown }
  | { readonly type: "pause" | "resume"; readonly by: string }
  | { readonly type: "approve"; readonly by: string; readonly evidence?: string };

/** Undefined if there was no answer, because something was killed just then, but the command was carried out. */
export async function send(
  story: Story,
  stage: Stage,
  asked: Asked,
): Promise<AcceptedReceipt | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const command = commandOf(story, { ...evidenceSeen(story, stage, asked.type), ...asked });
    try {
      return await sendCommand(stage.session, command, {
        timeoutMs: RECEIPT_WITHIN_MS,
        key: stage.keyOf(asked.by),
        onProgress: () => undefined,
      });
    } catch (error) {
      const unknown = error instanceof UserError && error.details.code === "E_UNAVAILABLE";
      if (!unknown || attempt >= ATTEMPTS || stage.signal.aborted) throw error;
      if (await isApplied(command, stage.board)) return undefined;
    }
  }
}

/** Who approves signs what was seen: a live ramp takes no other approval. */
function evidenceSeen(
  { candidateId }: Story,
  { board }: Stage,
  type: Asked["type"],
): { readonly evidence?: string } {
  const evidence = board.entriesOf(candidateId).at(-1)?.entry.review?.evidence ?? undefined;
  return type === "approve" && evidence !== undefined ? { evidence } : {};
}

function commandOf({ candidateId }: Story, asked: Asked): Command {
  return Command.parse({
    v: 1,
    id: commandIdNow(),
    candidateId,
    time: new Date().toISOString(),
    ...asked,
    ...(asked.type !== "submit" && { why: "part of the dry run" }),
  });
}

/** What a person asks of the whole mesh. */
export type AskedOfMesh =
  | { readonly type: "kill-switch" | "release-kill-switch" }
  | { readonly type: "incident"; readonly candidateId: string }
  | { readonly type: "close-incident"; readonly incidentId: string };

/** Asks it and gives the receipt. */
export async function sendToMesh(
  { session, keyOf }: Pick<Stage, "session" | "keyOf">,
  by: string,
  asked: AskedOfMesh,
): Promise<ControlledReceipt> {
  const about =
    asked.type === "incident"
      ? { class: "D", scope: { kind: "candidate", candidateId: asked.candidateId } }
      : asked;
  const command = ControlCommand.parse({
    v: 1,
    // An incident is named after its command, and its record must be the same in every run of a seed.
    id: asked.type === "incident" ? `incident-of-${asked.candidateId}` : commandIdNow(),
    candidateId: MESH_ID,
    time: new Date().toISOString(),
    by,
    why: "part of the dry run",
    ...about,
    type: asked.type,
  });
  return sendControl(session, command, {
    timeoutMs: RECEIPT_WITHIN_MS,
    key: keyOf(by),
    onProgress: () => undefined,
  });
}

/** True if the journal says so now or in a moment. */
async function isApplied({ id, candidateId }: Command, board: JournalBoard): Promise<boolean> {
  for (let look = 0; look < LOOKS; look += 1) {
    if (board.entriesOf(candidateId).some(({ entry }) => entry.commands.includes(id))) return true;
    await delay(LOOK_AGAIN_MS);
  }
  return false;
}

/** The code of the refusal; undefined if it was accepted. */
export async function refusalOf(sent: Promise<unknown>): Promise<string | undefined> {
  try {
    await sent;
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error.details.code;
    throw error;
  }
}

/** Waits for an entry of the candidate. */
export function until(
  { candidateId }: Story,
  { board }: Stage,
  what: string,
  condition: (entry: Entry) => boolean,
): Promise<unknown> {
  return board.until(candidateId, what, condition);
}

/** Waits for its end, or a review that no story expects. */
export function untilClosed(story: Story, stage: Stage): Promise<unknown> {
  const stuck = (entry: Entry): boolean => entry.holder === "review" && STUCK.has(entry.reason);
  return until(story, stage, "its end", (entry) => entry.holder === "closed" || stuck(entry));
}

/** Waits until no lane has it. */
export function untilRest(story: Story, stage: Stage): Promise<unknown> {
  return until(
    story,
    stage,
    "its rest",
    ({ holder }) => holder === "review" || holder === "closed",
  );
}

/** Reviews that no story expects after the point from which its end is waited for. */
export const STUCK: ReadonlySet<string> = new Set([
  "GATE_FAILED",
  "GATE_INCONCLUSIVE",
  "RETRIES_EXHAUSTED",
  "DETERMINISTIC_FAILURE",
  "SPEC_INVALID",
  "POLICY_DENIED",
  "EVIDENCE_MISSING",
  "TRANSITION_DENIED",
  "DEADLINE_PASSED",
  "LANE_CRASH_LOOP",
]);
