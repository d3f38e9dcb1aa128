import type { GateCheck } from "@baton/contracts";

import { asWarning, checksOf } from "./check.ts";
import type { Evidence } from "./evidence.ts";
import type { GatePolicy } from "./gate-policy.ts";
import { brokenLinks } from "./lineage.ts";

const gate = checksOf("gate0_data_integrity");

type Limits = GatePolicy["gate0_data_integrity"];

/** Is this the data that was declared, is it whole, and do the artifacts come from one another? */
export function gate0(evidence: Evidence, policy: GatePolicy): GateCheck[] {
  return [...lineageChecks(evidence), ...dataChecks(evidence, policy.gate0_data_integrity)];
}

function lineageChecks(evidence: Evidence): GateCheck[] {
  const { research, manifest, plugin, evaluation, walkForward, folds, stress } = evidence;
  const from = [research, manifest, plugin, evaluation, walkForward, folds, stress];
  const broken = brokenLinks(evidence);
  return [
    gate.atMost({
      checkId: "broken_lineage",
      title: "artifacts that don't come from one another, by digest",
      from,
      measured: broken.length,
      threshold: 0,
      means: broken.slice(0, 2).join("; "),
    }),
    gate.atMost({
      checkId: "changed_datasets",
      title: "instruments backtested on other data than was declared",
      from: [manifest, evaluation],
      measured: manifest.found?.value.datasets.filter(
        ({ instrument, sha256 }) =>
          evaluation.found?.value.data.find((of) => of.instrument === instrument)?.sha256 !==
          sha256,
      ).length,
      threshold: 0,
      means: "run research-intake and everything after it again",
    }),
  ];
}

function dataChecks(evidence: Evidence, limits: Limits): GateCheck[] {
  const { manifest } = evidence;
  const datasets = manifest.found?.value.datasets;
  const schemas = [...new Set(datasets?.map(({ schemaVersion }) => schemaVersion))];
  const from = [manifest];
  return [
    gate.exactly({
      checkId: "dataset_schema",
      title: "schema version of the data sets",
      from,
      measured: datasets && schemas.join(", "),
      threshold: limits.datasetSchema,
      means: "the manifest was written by another version of lane A",
    }),
    gate.atLeast({
      checkId: "instruments",
      title: "instruments with data",
      from,
      measured: datasets?.length,
      threshold: limits.minInstruments,
      means: "there is nothing to trade",
    }),
    gate.atLeast({
      checkId: "research_rows",
      title: "research rows, shortest instrument",
      from,
      measured: datasets && Math.min(...datasets.map(({ research }) => research.rows)),
      threshold: limits.minResearchRows,
      means: "too little history to judge by",
    }),
    ...qualityChecks(evidence, limits),
  ];
}

function qualityChecks({ manifest, evaluation }: Evidence, limits: Limits): GateCheck[] {
  const datasets = manifest.found?.value.datasets;
  const gaps = datasets?.flatMap(({ calendarGaps }) => calendarGaps.map(({ days }) => days));
  const stale = gate.atMost({
    checkId: "stale_open_ratio",
    title: "opens that repeat the close before, share, worst instrument",
    from: [manifest, evaluation],
    measured: datasets && Math.max(...datasets.map(({ staleOpenRatio }) => staleOpenRatio)),
    threshold: limits.maxStaleOpenRatio,
    means: "opens are made up, and a fill at the open is fiction",
  });
  return [
    gate.atMost({
      checkId: "null_rate",
      title: "empty cells, share, worst instrument",
      from: [manifest],
      measured: datasets && Math.max(...datasets.map(({ nullRate }) => nullRate)),
      threshold: limits.maxNullRate,
      means: "the data has holes",
    }),
    gate.atMost({
      checkId: "longest_gap",
      title: "longest pause between two rows, days",
      from: [manifest],
      measured: gaps && Math.max(0, ...gaps),
      threshold: limits.maxGapDays,
      means: "rows are missing from the data",
    }),
    evaluation.found?.value.assumptions.fill === "close"
      ? asWarning(stale, "only a warning, as this strategy fills at the close")
      : stale,
  ];
}
