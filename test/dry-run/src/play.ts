/** Plays the stories side by side: submits, answers, pauses, kills. What came of it is judged elsewhere. */
import { setTimeout as delay } from "node:timers/promises";

import {
  type Played,
  REVIEWERS,
  type Stage,
  send,
  submit,
  until,
  untilClosed,
  untilRest,
} from "./acts.ts";
import { killInTheMiddle } from "./kill-lane.ts";
import { playIncident, playTrend } from "./play-live.ts";
import { type Story, STORY_NAMES, type StoryName } from "./stories.ts";

/** A hold lasts until the result that was under way has come in, at most so long. */
const HOLD_MS = 2000;

/** Plays all of them; resolves when each has come to rest or can't go on. */
export async function play(
  stories: readonly Story[],
  setting: Omit<Stage, "othersAtRest">,
): Promise<Played> {
  const played: Played = {
    receipts: [],
    refusedApprovals: { "by its author": undefined, "on other evidence": undefined },
    reminders: 0,
    killSwitch: undefined,
    incident: undefined,
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
  const atRest = Promise.withResolvers<void>();
  const stage: Stage = { ...setting, othersAtRest: atRest.promise };
  // The interrupted one takes longest, so it goes first.
  const order = STORY_NAMES.toSorted((a, b) => rank(a) - rank(b));
  const others = order.filter((name) => name !== "trend").map(tellOne);
  const trend = tellOne("trend");
  await Promise.all(others);
  atRest.resolve();
  await trend;
  return played;
}

function rank(name: StoryName): number {
  return name === "interrupted" ? 0 : 1;
}

type Script = (story: Story, stage: Stage, played: Played) => Promise<void>;

const SCRIPTS: Readonly<Record<StoryName, Script>> = {
  trend: playTrend,
  incident: playIncident,
  "curve-fitted": async (story, stage, played) => {
    await submit(story, stage, played);
    await untilRest(story, stage);
  },
  "flaky-source": async (story, stage, played) => {
    await submit(story, stage, played);
    await until(story, stage, "its second stage", ({ stage: at }) => at !== "research-intake");
    await send(story, stage, { type: "pause", by: REVIEWERS[0] });
    stage.tell("flaky-source", `paused by ${REVIEWERS[0]}`);
    await Promise.race([
      until(story, stage, "a result during the hold", ({ kept }) => kept !== null),
      delay(HOLD_MS),
    ]);
    await send(story, stage, { type: "resume", by: REVIEWERS[0] });
    stage.tell("flaky-source", `resumed by ${REVIEWERS[0]}`);
    await untilClosed(story, stage);
  },
  "broken-spec": async (story, stage, played) => {
    await submit(story, stage, played);
    await untilRest(story, stage);
  },
  "steady-climb": async (story, stage, played) => {
    await submit(story, stage, played);
    await untilClosed(story, stage);
  },
  peeking: async (story, stage, played) => {
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
