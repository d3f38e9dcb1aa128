/** For each artifact whose content follows from the specification: what follows, and where it stands in the artifact. */
import {
  type ArtifactRef,
  BuiltParameterSet,
  type CandidateSpec,
  CandidateSpecArtifact,
  CatalogEntryArtifact,
  DatasetManifest,
  EvaluationReport,
  StrategyPluginArtifact,
  TestReportArtifact,
  toldFormat,
  WalkForwardResults,
} from "@baton/contracts";
import { z } from "zod";

import type { DeclaredSet } from "./specification.ts";

/** A value as it was found and as it must be. */
export interface Claim {
  readonly what: string;
  readonly found: unknown;
  readonly wanted: unknown;
}

/** What an artifact is held against. */
interface Known {
  readonly candidateId: string;
  readonly spec: CandidateSpec;
  readonly specSha256: string;
  /** Undefined where the plugin is unknown here or refuses the grid: then nothing may rest on it. */
  readonly sets: readonly DeclaredSet[] | undefined;
  readonly artifacts: readonly ArtifactRef[];
}

/** How one kind of artifact is checked. */
export interface Rule {
  readonly schemaVersion: string;
  /** Its claims; undefined if it has another form than its version says. */
  readonly claims: (content: unknown, known: Known) => readonly Claim[] | undefined;
}

/** Lane A's own reading of the specification. */
export const RESEARCH = "research/candidate-spec.json";
const SOURCE = "build/plugin-source.ts";

function rule<T>(
  schemaVersion: string,
  schema: z.ZodType<T>,
  claims: (value: T, known: Known) => Claim[],
): Rule {
  return {
    schemaVersion,
    claims: (content, known) => {
      const parsed = schema.safeParse(content);
      return parsed.success ? claims(parsed.data, known) : undefined;
    },
  };
}

const claim = (what: string, found: unknown, wanted: unknown): Claim => ({ what, found, wanted });

const instrumentsOf = ({ universe }: CandidateSpec) => universe.map(({ instrument }) => instrument);

const parametersOf = ({ sets }: Known) => sets?.map(({ parameters }) => parameters);

/** Data sets that an artifact names: those of the universe in its order, and a user's file by its digest. */
function dataClaims(
  found: readonly { readonly instrument: string; readonly sha256: string }[],
  spec: CandidateSpec,
): Claim[] {
  return [
    claim(
      "its instruments",
      found.map(({ instrument }) => instrument),
      instrumentsOf(spec),
    ),
    ...spec.universe.flatMap(({ instrument, csv }, index) =>
      csv === undefined
        ? []
        : [claim(`the file of ${instrument}`, found[index]?.sha256, csv.sha256)],
    ),
  ];
}

/** Every instrument holds back as many rows as the specification says. */
function holdoutClaims(
  datasets: readonly { readonly instrument: string; readonly holdout: { readonly rows: number } }[],
  { holdoutRows }: CandidateSpec,
): Claim[] {
  return datasets.map(({ instrument, holdout }) =>
    claim(`the rows held back of ${instrument}`, holdout.rows, holdoutRows),
  );
}

/** The source that the run has is the one that is named. */
function sourceClaim(found: string | null, { artifacts }: Known): Claim {
  const source = artifacts.find(({ name }) => name === SOURCE);
  return claim("the digest of the source", found, source ? source.sha256 : found);
}

const research = rule(
  "baton.candidate-spec.v1",
  CandidateSpecArtifact.pick({
    specSha256: true,
    spec: true,
    trials: true,
    declaredTrials: true,
    datasets: true,
  }),
  (value, known) => {
    const { spec, specSha256, sets } = known;
    const keys = Object.keys({ ...spec, ...value.spec });
    const at = (of: CandidateSpec, key: string): unknown =>
      Object.entries(of).find(([name]) => name === key)?.[1];
    return [
      // Key by key, so that a difference is named where it is.
      ...keys.map((key) => claim(`spec.${key}`, at(value.spec, key), at(spec, key))),
      claim("specSha256", value.specSha256, specSha256),
      claim(
        "its trials",
        value.trials.map(({ index, parameters, warmUpRows }) => ({
          index,
          parameters,
          warmUpRows,
        })),
        sets?.map(({ parameters, warmUpRows }, index) => ({ index, parameters, warmUpRows })),
      ),
      claim("declaredTrials", value.declaredTrials, spec.strategy.grid.length),
      ...dataClaims(value.datasets, spec),
      ...holdoutClaims(value.datasets, spec),
    ];
  },
);

const manifest = rule(
  "baton.dataset-manifest.v1",
  DatasetManifest.pick({
    datasets: true,
    holdoutRows: true,
    barsPerYear: true,
    spacingDays: true,
  }),
  ({ datasets, holdoutRows }, { spec }) => [
    claim("holdoutRows", holdoutRows, spec.holdoutRows),
    ...dataClaims(datasets, spec),
    ...holdoutClaims(datasets, spec),
    ...spec.universe.flatMap(({ instrument, csv }, index) => [
      claim(`the format of ${instrument}`, datasets[index]?.format, csv && toldFormat(csv)),
      claim(`the splits of ${instrument}`, datasets[index]?.splits, csv?.splits ?? []),
      claim(`the real moves of ${instrument}`, datasets[index]?.realMoves, csv?.realMoves ?? []),
    ]),
  ],
);

const plugin = rule(
  "baton.strategy-plugin.v1",
  StrategyPluginArtifact.pick({
    plugin: true,
    sourceSha256: true,
    specSha256: true,
    parameterSets: true,
  }),
  (value, known) => [
    claim("plugin", value.plugin, known.spec.strategy.plugin),
    claim("specSha256", value.specSha256, known.specSha256),
    claim(
      "its parameter sets",
      value.parameterSets,
      known.sets?.map((set) => BuiltParameterSet.parse(set)),
    ),
    sourceClaim(value.sourceSha256, known),
  ],
);

const tests = rule(
  "baton.test-report.v1",
  TestReportArtifact.pick({ sourceSha256: true, datasets: true }),
  ({ sourceSha256, datasets }, known) => [
    sourceClaim(sourceSha256, known),
    ...dataClaims(datasets, known.spec),
  ],
);

const catalog = rule(
  "baton.catalog-entry.v1",
  CatalogEntryArtifact.pick({
    strategyId: true,
    version: true,
    path: true,
    title: true,
    plugin: true,
    instruments: true,
    sourceSha256: true,
    parameterSets: true,
  }),
  (value, known) => [
    // First: the version is made of it.
    sourceClaim(value.sourceSha256, known),
    claim("strategyId", value.strategyId, `${known.spec.strategy.plugin}-${known.candidateId}`),
    // Somebody will read what is there.
    claim("path", value.path, `strategies/${known.candidateId}/strategy.ts`),
    claim("version", value.version, value.sourceSha256.slice(0, 12)),
    claim("title", value.title, known.spec.name),
    claim("plugin", value.plugin, known.spec.strategy.plugin),
    claim("its instruments", value.instruments, instrumentsOf(known.spec)),
    claim("its parameter sets", value.parameterSets, parametersOf(known)),
  ],
);

const walkForward = rule(
  "baton.walkforward-results.v1",
  WalkForwardResults.pick({ plugin: true, costBps: true, grid: true }),
  ({ plugin: name, costBps, grid }, known) => [
    claim("plugin", name, known.spec.strategy.plugin),
    claim("costBps", costBps, known.spec.costBps),
    claim("its grid", grid, parametersOf(known)),
  ],
);

const evaluation = rule(
  "baton.evaluation-report.v1",
  EvaluationReport.pick({
    reproducibility: true,
    assumptions: true,
    data: true,
    trials: true,
    chosen: true,
    expectation: true,
  }),
  (value, known) => {
    const { spec, sets } = known;
    const { reproducibility: made, assumptions, trials, expectation, chosen } = value;
    const { metric, atLeast } = spec.expectation;
    return [
      claim("reproducibility.spec", made.spec, known.specSha256),
      claim("reproducibility.seed", made.seed, spec.seed),
      claim("reproducibility.plugin.name", made.plugin.name, spec.strategy.plugin),
      sourceClaim(made.plugin.source, known),
      claim("assumptions.costBps", assumptions.costBps, spec.costBps),
      claim("assumptions.holdoutRows", assumptions.holdoutRows, spec.holdoutRows),
      claim("expectation.metric", expectation.metric, metric),
      claim("expectation.atLeast", expectation.atLeast, atLeast),
      claim("trials.declared", trials.declared, spec.strategy.grid.length),
      claim("trials.used", trials.used, spec.strategy.grid.length),
      ...dataClaims(made.datasets, spec),
      ...dataClaims(value.data, spec),
      claim(
        "the instruments chosen for",
        chosen.map(({ instrument }) => instrument),
        instrumentsOf(spec),
      ),
      ...chosen.map(({ instrument, index, parameters }) =>
        claim(`the parameters chosen for ${instrument}`, parameters, sets?.[index]?.parameters),
      ),
    ];
  },
);

/** The part of a gate report that follows from the specification, whichever stage wrote it. */
const GatePart = z.looseObject({
  promotionTarget: z.string().nullish(),
  sourceSha256: z.string().nullish(),
  steps: z.array(z.looseObject({ notional: z.number() })).optional(),
});

const gate = rule("baton.gate-report.v1", GatePart, (value, known) => {
  const { target, notional } = known.spec.promotion;
  const { promotionTarget, sourceSha256, steps = [] } = value;
  return [
    ...(promotionTarget == null ? [] : [claim("promotionTarget", promotionTarget, target)]),
    ...(sourceSha256 == null ? [] : [sourceClaim(sourceSha256, known)]),
    ...steps.map((step) =>
      claim("the largest notional", Math.max(step.notional, notional), notional),
    ),
  ];
});

const nothingOwn = (schemaVersion: string) => rule(schemaVersion, z.looseObject({}), () => []);

/** By name of the artifact in its run. */
export const RULES: Readonly<Record<string, Rule>> = {
  [RESEARCH]: research,
  "research/dataset-manifest.json": manifest,
  "build/plugin.json": plugin,
  "build/test-report.json": tests,
  "build/catalog-entry.json": catalog,
  "backtest/walkforward-results.json": walkForward,
  "backtest/evaluation-report.json": evaluation,
  "gates/fold-metrics-v1.json": nothingOwn("baton.fold-metrics.v1"),
  "gates/stress-metrics-v1.json": nothingOwn("baton.stress-metrics.v1"),
  "gates/gate-evaluation.json": gate,
  "gates/promotion-prerequisites.json": gate,
  "gates/rollback-readiness.json": gate,
  "gates/policy-dry-run.json": gate,
  "gates/shadow-paper.json": gate,
  "gates/live-ramp.json": gate,
  "gates/continuous-monitoring.json": gate,
};
