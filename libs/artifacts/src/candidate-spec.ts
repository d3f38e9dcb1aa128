/**
 * What a user submits: a strategy candidate. `baton submit` holds it against this schema before anything is stored. The
 * coordinator takes any small JSON object; lane A holds it against the schema again, so that a wrong one that came by another
 * way ends in a review with a message and not in a lost submission.
 */
import { printableText, Sha256, WalkForwardChoice } from "@baton/contracts";
import { z } from "zod";

import { CsvFormat } from "./csv-format.ts";

/** A split of shares: `7:1` is seven new ones for one old one, `1:3` a reverse one. */
export const Split = z.strictObject({
  /** The first date at the new price. */
  date: z.iso.date(),
  ratio: z
    .string()
    .regex(
      /^[1-9]\d{0,3}:[1-9]\d{0,3}$/,
      "new shares to old ones, e.g. 7:1; 1:3 for a reverse split",
    )
    .refine((ratio) => {
      const [many, few] = ratio.split(":");
      return many !== few;
    }, "as many new shares as old ones are no split"),
});
export type Split = z.infer<typeof Split>;

/** What a user says about a CSV of prices, beside what stands in it: how it is written, and what its moves are. */
export const CsvTreatment = CsvFormat.extend({
  /** Splits that its prices show as moves: prices before each are brought to the new shares. */
  splits: z.array(Split).min(1).max(50).optional(),
  /** Dates of moves that look like a split or like no market's and did happen. */
  realMoves: z.array(z.iso.date()).min(1).max(50).optional(),
});
export type CsvTreatment = z.infer<typeof CsvTreatment>;

/** An instrument's name in specifications, strategies and orders: `SPX`, `7203.T`, `005930.KS`. */
export const InstrumentName = z
  .string()
  .regex(
    /^(?=.*[A-Z])[A-Z0-9][A-Z0-9._-]{0,15}$/,
    "1 to 16 of A-Z 0-9 . _ -, a letter or digit first and at least one letter, e.g. SPX or 7203.T",
  );
export type InstrumentName = z.infer<typeof InstrumentName>;

/** An instrument of the universe: a built-in data set by name, or the user's own CSV by digest. */
export const Instrument = z.strictObject({
  instrument: InstrumentName,
  /** The user's CSV, stored as an artifact by `baton submit`; `name` is what messages call it. */
  csv: CsvTreatment.extend({
    sha256: Sha256,
    bytes: z.int().positive(),
    name: z
      .string()
      .regex(/^[^\p{C}\p{Zl}\p{Zp}]{1,100}$/u, "1 to 100 printable characters")
      .optional(),
  }).optional(),
});
export type Instrument = z.infer<typeof Instrument>;

/** One set of a plugin's parameters. */
export const Parameters = z.record(
  printableText(z.string().max(40), "parameter", "line"),
  z.number(),
);
export type Parameters = z.infer<typeof Parameters>;

/** Most bytes of an authored strategy's source. */
export const MAX_SOURCE_BYTES = 64 * 1024;

/** What an authored strategy says of itself before anything is run (plugin `authored`). */
export const AuthoredStrategy = z.strictObject({
  /** Its source, stored as an artifact by `baton submit`; absent: candidate-build has it written from the thesis. */
  source: z
    .strictObject({
      sha256: Sha256,
      bytes: z.int().positive().max(MAX_SOURCE_BYTES),
      name: z
        .string()
        .regex(/^[^\p{C}\p{Zl}\p{Zp}]{1,100}$/u, "1 to 100 printable characters")
        .optional(),
    })
    .optional(),
  /** First rows on which it isn't asked and holds nothing: as many as its longest look-back needs. */
  warmUpRows: z.int().min(1).max(504),
  /** Least and largest weight that it may ask for; more is refused. */
  weights: z
    .strictObject({ least: z.number().min(-2).max(0), most: z.number().min(0).max(2) })
    .refine(({ least, most }) => least < most, "least < most")
    .prefault({ least: 0, most: 1 }),
});
export type AuthoredStrategy = z.infer<typeof AuthoredStrategy>;

/** The least that `holdoutRows` may be. */
export const LEAST_HOLDOUT_ROWS = 60;

/** A candidate's specification. */
export const CandidateSpec = z.strictObject({
  schema: z.literal("baton.candidate.v1"),
  name: printableText(z.string().min(1).max(80), "name", "line"),
  /** Why it should work. */
  thesis: printableText(z.string().min(20).max(4000), "thesis", "lines"),
  universe: z.array(Instrument).min(1).max(10),
  strategy: z.strictObject({
    plugin: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
    /** The parameter sets that will be tried, in order: their number is the number of declared trials. */
    grid: z.array(Parameters).min(1).max(1000),
    /** Only, and always, with `plugin: authored`. */
    authored: AuthoredStrategy.optional(),
  }),
  /** Cost of a full change of position, in basis points. */
  costBps: z.number().min(0).max(500).default(5),
  regimes: z
    .array(
      z.strictObject({
        name: printableText(z.string().min(1).max(60), "name", "line"),
        expectation: printableText(z.string().min(1).max(400), "expectation", "lines"),
      }),
    )
    .min(1)
    .max(10),
  /** The falsifiable expectation: measured out of sample. */
  expectation: z.strictObject({
    metric: z.enum(["sharpe", "cagr", "maxDrawdown"]),
    atLeast: z.number(),
  }),
  /** Rows held back from research and backtest for shadow/paper, at the end. */
  holdoutRows: z.int().min(LEAST_HOLDOUT_ROWS).max(1260).default(252),
  /** Windows of the walk-forward that aren't the usual ones, within what the playbook allows. */
  walkForward: WalkForwardChoice.optional(),
  /** Seed of every random draw about this candidate. */
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1),
  promotion: z.strictObject({
    target: z.enum(["shadow", "paper", "live"]),
    /** Full target notional in account currency (L3). */
    notional: z.number().positive().max(1e9),
  }),
  /** Faults injected on purpose; refused unless the lanes run with drills allowed. */
  drills: z
    .strictObject({
      /** The data source fails this often before it answers. */
      dataSourceFailures: z.int().min(0).max(10).optional(),
      /** Bootstrap samples, to make a backtest long enough to be interrupted. */
      bootstrapSamples: z.int().min(100).max(10_000).optional(),
    })
    .optional(),
});
export type CandidateSpec = z.infer<typeof CandidateSpec>;
