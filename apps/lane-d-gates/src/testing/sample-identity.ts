/** Who the sample is about, and the names and digests of its artifacts. */
export const CANDIDATE = "cand-0123456789ab";
export const RUN = "run-0123456789ab";

/** A digest that is told apart from others at a glance. */
export const digest = (letter: string) => letter.repeat(64);

export const head = { candidateId: CANDIDATE, runId: RUN };
export const day = "2001-01-02";
export const rows = (from: number, to: number) => ({ from, to, start: day, end: day });
export const range = (count: number) => ({ rows: count, start: day, end: day });

/** Names of the evidence's artifacts and the digests under which the sample stores them. */
export const NAMES = {
  research: ["research/candidate-spec.json", digest("1")],
  manifest: ["research/dataset-manifest.json", digest("2")],
  plugin: ["build/plugin.json", digest("3")],
  tests: ["build/test-report.json", digest("4")],
  catalog: ["build/catalog-entry.json", digest("6")],
  walkForward: ["backtest/walkforward-results.json", digest("8")],
  folds: ["gates/fold-metrics-v1.json", digest("9")],
  stress: ["gates/stress-metrics-v1.json", digest("a")],
  evaluation: ["backtest/evaluation-report.json", digest("b")],
} as const;
export type EvidenceName = keyof typeof NAMES;
export const EVIDENCE_NAMES: readonly EvidenceName[] = [
  "research",
  "manifest",
  "plugin",
  "tests",
  "catalog",
  "walkForward",
  "folds",
  "stress",
  "evaluation",
];

/** Name of the artifact that a piece of evidence is read from. */
export const artifactName = (name: EvidenceName) => NAMES[name][0];

export const named = (...names: readonly EvidenceName[]) =>
  names.map((name) => ({ name: NAMES[name][0], sha256: NAMES[name][1] }));
