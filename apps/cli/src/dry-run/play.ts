/** Plays the six stories side by side: submits, answers, pauses, kills. What came of it is judged elsewhere. */
import { setTimeout as delay } from "node:timers/promises";

import { Command, type Entry } from "@baton/contracts";

import { CliError } from "../cli-error.ts";
import type { SigningKey } from "../key-file.ts";
import { type AcceptedReceipt, commandIdNow, sendCommand } from "../send-command.ts";
import type { Session } from "../session.ts";
import type { RunningMesh } from "../up/start-mesh.ts";
import type { JournalBoard } from "./journal-board.ts";
import { type Kill, killInTheMiddle } from "./kill-lane.ts";
import { type Story, STORY_NAMES, type StoryName } from "./stories.ts";

/** Who submits, and who answers: nobody may approve a candidate of their own. */
export const AUTHOR = "author@dry-run";
export const REVIEWER = "reviewer@dry-run";

/** What happened, as far as it isn't in the journal. */
export interface Played {
  /** Of the submissions, in the order in which they were answered. */
  readonly receipts: { readonly story: StoryName; readonly receipt: AcceptedReceipt }[];
  /** Code by which the author's own approval was refused; undefined if it wasn't. */
  authorsApproval: string | undefined;
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
  /** Told what is done from outside. */
  readonly tell: (story: StoryName, what: string) => void;
}

const RECEIPT_WITHIN_MS = 15_000;
/** A command whose outcome isn't known is looked for in the journal, then sent again. */
const ATTEMPTS = 3;
const LOOKS = 10;
const LOOK_AGAIN_MS = 500;
/** A hold lasts until the result that was under way has come in, at most so long. */
const HOLD_MS = 2000;

/** Plays all of them; resolves when each has come to rest or can't go on. */
export async function play(stories: readonly Story[], stage: Stage): Promise<Played> {
  const played: Played = {
    receipts: [],
    authorsApproval: undefined,
    kill: undefined,
    trouble: new Map(),
  };
  const tellOne = async (name: StoryName): Promise<void> => {
    const story = stories.find((one) => one.name === name);
    if (!story) return;
    try {
      await SCRIPTS[name](story, stage, played);
    } catch (error) {
      played.trouble.set(name, error instanceof Error ? error.message : String(error));
    }
  };
  // The interrupted one takes longest, so it goes first.
  const order = STORY_NAMES.toSorted((a, b) => rank(a) - rank(b));
  await Promise.all(order.map(tellOne));
  return played;
}

function rank(name: StoryName): number {
  return name === "interrupted" ? 0 : 1;
}

type Script = (story: Story, stage: Stage, played: Played) => Promise<void>;

const SCRIPTS: Readonly<Record<StoryName, Script>> = {
  trend: async (story, stage, played) => {
    await submit(story, stage, played);
    await until(
      story,
      stage,
      "the question for an approval",
      ({ reason }) => reason === "APPROVAL_REQUIRED" || STUCK.has(reason),
    );
    played.authorsApproval = await refusalOf(send(story, stage, { type: "approve", by: AUTHOR }));
    stage.tell(
      "trend",
      `its author's approval is refused (${played.authorsApproval ?? "it isn't!"})`,
    );
    await send(story, stage, { type: "approve", by: REVIEWER });
    stage.tell("trend", `approved by ${REVIEWER}`);
    await untilClosed(story, stage);
  },
  "curve-fitted": async (story, stage, played) => {
    await submit(story, stage, played);
    await untilRest(story, stage);
  },
  "flaky-source": async (story, stage, played) => {
    await submit(story, stage, played);
    await until(story, stage, "its second stage", ({ stage: at }) => at !== "research-intake");
    await send(story, stage, { type: "pause", by: REVIEWER });
    stage.tell("flaky-source", `paused by ${REVIEWER}`);
    await Promise.race([
      until(story, stage, "a result during the hold", ({ kept }) => kept !== null),
      delay(HOLD_MS),
    ]);
    await send(story, stage, { type: "resume", by: REVIEWER });
    stage.tell("flaky-source", `resumed by ${REVIEWER}`);
    await untilClosed(story, stage);
  },
  "broken-spec": async (story, stage, played) => {
    await submit(story, stage, played);
    await untilRest(story, stage);
  },
  duplicate: async (story, stage, played) => {
    await until(story, stage, "the first submission", ({ stage: at }) => at !== "research-intake");
    await submit(story, stage, played);
    stage.tell("duplicate", "submitted again");
  },
  interrupted: async (story, stage, played) => {
    await submit(story, stage, played);
    const { mesh, signal } = stage;
    const isOver = (): boolean =>
      stage.board
        .entriesOf(story.candidateId)
        .some(({ entry }) => entry.stage === "gate-evaluation");
    const kill = await killInTheMiddle(mesh, { candidateId: story.candidateId, isOver }, signal);
    played.kill = kill;
    stage.tell(
      "interrupted",
      `lane-c (process ${kill.pid}) killed ${kill.workedMs} ms into it (${kill.step}); back as ${kill.replacedBy} after ${kill.backMs} ms`,
    );
    await untilClosed(story, stage);
  },
};

async function submit(story: Story, stage: Stage, played: Played): Promise<void> {
  const { spec } = story;
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
  | { readonly type: "approve" | "pause" | "resume"; readonly by: string };

/** Undefined if there was no answer, because something was killed just then, but the command was carried out. */
async function send(
  story: Story,
  stage: Stage,
  asked: Asked,
): Promise<AcceptedReceipt | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const command = commandOf(story, asked);
    try {
      return await sendCommand(stage.session, command, {
        timeoutMs: RECEIPT_WITHIN_MS,
        key: stage.keyOf(asked.by),
        onProgress: () => undefined,
      });
    } catch (error) {
      const unknown = error instanceof CliError && error.details.code === "E_UNAVAILABLE";
      if (!unknown || attempt >= ATTEMPTS || stage.signal.aborted) throw error;
      if (await isApplied(command, stage.board)) return undefined;
    }
  }
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

/** True if the journal says so now or in a moment. */
async function isApplied({ id, candidateId }: Command, board: JournalBoard): Promise<boolean> {
  for (let look = 0; look < LOOKS; look += 1) {
    if (board.entriesOf(candidateId).some(({ entry }) => entry.commands.includes(id))) return true;
    await delay(LOOK_AGAIN_MS);
  }
  return false;
}

/** The code of the refusal; undefined if it was accepted. */
async function refusalOf(sent: Promise<unknown>): Promise<string | undefined> {
  try {
    await sent;
    return undefined;
  } catch (error) {
    if (error instanceof CliError) return error.details.code;
    throw error;
  }
}

function until(
  { candidateId }: Story,
  { board }: Stage,
  what: string,
  condition: (entry: Entry) => boolean,
): Promise<unknown> {
  return board.until(candidateId, what, condition);
}

function untilClosed(story: Story, stage: Stage): Promise<unknown> {
  const stuck = (entry: Entry): boolean => entry.holder === "review" && STUCK.has(entry.reason);
  return until(story, stage, "its end", (entry) => entry.holder === "closed" || stuck(entry));
}

function untilRest(story: Story, stage: Stage): Promise<unknown> {
  return until(
    story,
    stage,
    "its rest",
    ({ holder }) => holder === "review" || holder === "closed",
  );
}

/** Reviews that no story expects after the point from which its end is waited for. */
const STUCK: ReadonlySet<string> = new Set([
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
