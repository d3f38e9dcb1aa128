/** For each artifact whose content follows from the specification: what follows, and where it stands in the artifact. */
import {
  BuiltParameterSet,
  type CandidateSpec,
  CandidateSpecArtifact,
  CatalogEntryArtifact,
  DatasetManifest,
  StrategyPluginArtifact,
  TestReportArtifact,
  toldFormat,
} from "@baton/artifacts";
import { z } from "zod";

import { evaluation, foldMetrics, walkForward } from "./backtest-rules.ts";
import {
  type Claim,
  claim,
  dataClaims,
  instrumentsOf,
  type Known,
  parametersOf,
  type Rule,
  rule,
  sourceClaim,
} from "./rule.ts";

/** Lane A's own reading of the specification. */
export const RESEARCH = "research/candidate-spec.json";

/** Every instrument holds back as many rows as the specification says. */
function holdoutClaims(
  datasets: readonly { readonly instrument: string; readonly holdout: { readonly rows: number } }[],
  { holdoutRows }: CandidateSpec,
): Claim[] {
  return datasets.map(({ instrument, holdout }) =>
    claim(`the rows held back of ${instrument}`, holdout.rows, holdoutRows),
  );
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

/** The part of a gate report that follows from the specification, whichever stage wrote it. */
const GatePart = z.looseObject({
  promotionTarget: z.string().nullish(),
  sourceSha256: z.string().nullish(),
  steps: z.array(z.looseObject({ notional: z.number() })).optional(),
});

function gateClaims(value: z.infer<typeof GatePart>, known: Known): Claim[] {
  const { target, notional } = known.spec.promotion;
  const { promotionTarget, sourceSha256, steps = [] } = value;
  return [
    ...(promotionTarget == null ? [] : [claim("promotionTarget", promotionTarget, target)]),
    ...(sourceSha256 == null ? [] : [sourceClaim(sourceSha256, known)]),
    ...steps.map((step) =>
      claim("the largest notional", Math.max(step.notional, notional), notional),
    ),
  ];
}

const gate = rule("baton.gate-report.v1", GatePart, gateClaims);

/** Lane D's own: the thresholds are those that the playbook asks for, not any that its holder would like. */
const gateEvaluation = rule(
  "baton.gate-report.v1",
  GatePart.extend({ policySha256: z.string().nullish() }),
  (value, known) => [
    ...(known.gatePolicy === undefined
      ? []
      : [claim("policySha256", value.policySha256 ?? undefined, known.gatePolicy)]),
    ...gateClaims(value, known),
  ],
);

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
  "gates/fold-metrics-v1.json": foldMetrics,
  "gates/stress-metrics-v1.json": nothingOwn("baton.stress-metrics.v1"),
  "gates/gate-evaluation.json": gateEvaluation,
  "gates/promotion-prerequisites.json": gate,
  "gates/rollback-readiness.json": gate,
  "gates/policy-dry-run.json": gate,
  "gates/shadow-paper.json": gate,
  "gates/live-ramp.json": gate,
  "gates/continuous-monitoring.json": gate,
};
