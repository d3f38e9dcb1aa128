/** The windows of a walk-forward as far as they are a candidate's own, and what a playbook asks of them at least. */
import { z } from "zod";

/** Rows that a label looks ahead: so many at least lie between what is trained on and what is tested on. */
export const LABEL_ROWS = 5;

const MOST_ROWS = 100_000;
/** Fewer test rows in a fold say nothing, and make more folds of a long history than anybody can read. */
const LEAST_TEST_ROWS = 20;

const from = (least: number) => z.int().min(least).max(MOST_ROWS);

/** A candidate's own windows; what it leaves out stays as it is for all. Rows of prices. */
export const WalkForwardChoice = z.strictObject({
  /** The first row that is trained on. */
  firstRow: from(1).optional(),
  trainRows: from(2).optional(),
  /** Rows between train and test that nobody sees. */
  purgeRows: from(LABEL_ROWS).optional(),
  /** Rows of one fold's test; the next fold begins as many rows later. */
  testRows: from(LEAST_TEST_ROWS).optional(),
});
export type WalkForwardChoice = z.infer<typeof WalkForwardChoice>;

/** The least that a walk-forward must have, whatever the candidate chooses: short windows must not buy an easier gate. */
export const WalkForwardLimits = z.object({
  minTrainRows: from(2),
  minPurgeRows: from(LABEL_ROWS),
  minTestRows: from(LEAST_TEST_ROWS),
  /** Test rows of an instrument, all its folds together. */
  minTestedRows: from(LEAST_TEST_ROWS),
  /** Test folds over all instruments. */
  minFolds: z.int().min(1).max(1000),
});
export type WalkForwardLimits = z.infer<typeof WalkForwardLimits>;

/** What holds where the playbook says nothing. */
export const DEFAULT_WALK_FORWARD_LIMITS: WalkForwardLimits = {
  minTrainRows: 252,
  minPurgeRows: LABEL_ROWS,
  minTestRows: 63,
  minTestedRows: 252,
  minFolds: 5,
};
