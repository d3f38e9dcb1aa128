/**
 * Random stories: reports (late, duplicated, of earlier runs, by the wrong lane, unproven), commands, deadlines and broken
 * deliveries in any order, over four playbooks. To replay a failure, put the seed and path it prints into `RUNS`.
 */
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { violationsIn, violationsOf } from "../testing/invariants.ts";
import { PLAYBOOKS, stories } from "../testing/random-stories.ts";
import { playOut, Play } from "../testing/steps.ts";
import { begun, loaded } from "../testing/story.ts";

const RUNS = { seed: 20_260_301, numRuns: 150 };
/** Seconds of computing, more where other work shares the processors. */
const WITHIN_MS = 60_000;

test.each(PLAYBOOKS)(
  "J1 J2 J3 J5 J6 J7 J10 hold in every story over %s",
  (_, document) => {
    const playbook = loaded(document);
    fc.assert(
      fc.property(stories, (story) => {
        const play = new Play(begun(playbook));
        for (const step of story) play.step(step);
        expect(play.story.told.flatMap(violationsOf)).toEqual([]);
        expect(violationsIn(play.story)).toEqual([]);
        expect(playOut(play.story)).toBe(true);
        expect(play.story.told.flatMap(violationsOf)).toEqual([]);
        expect(violationsIn(play.story)).toEqual([]);
      }),
      RUNS,
    );
  },
  WITHIN_MS,
);
