import type { GateCheck, ManifestedDataset } from "@baton/artifacts";

import { asWarning, checksOf } from "./check.ts";
import type { Evidence } from "./evidence.ts";
import type { GatePolicy } from "./gate-policy.ts";
import { brokenLinks } from "./lineage.ts";

const gate = checksOf("gate0_data_integrity");

type Limits = GatePolicy["gate0_data_integrity"];

/** Is this the data that was declared, is it whole, and do the artifacts come from one another? */
export function gate0(evidence: Evidence, policy: GatePolicy): GateCheck[] {
  return [
    ...lineageChecks(evidence),
    ...dataChecks(evidence, policy.gate0_data_integrity),
    ...priceChecks(evidence),
  ];
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
  const usual = manifest.found?.value.spacingDays ?? 1;
  const gaps = datasets?.flatMap(({ calendarGaps }) =>
    calendarGaps.map(({ days }) => days - (usual - 1)),
  );
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
      title: "longest pause between two rows, days beyond their usual spacing",
      from: [manifest],
      measured: gaps && Math.max(0, ...gaps),
      threshold: limits.maxGapDays,
      means: "rows are missing from the data",
    }),
    asWarning(
      gate.atMost({
        checkId: "dropped_rows",
        title: "rows left out, as another instrument lacks their dates, share, worst instrument",
        from: [manifest],
        measured:
          datasets &&
          Math.max(...datasets.map(({ droppedRows, rows }) => droppedRows / (droppedRows + rows))),
        threshold: limits.maxDroppedShare,
        means: "what was measured is shorter than the data that was brought",
      }),
      "only a warning, as every figure is over the dates that are left",
    ),
    evaluation.found?.value.assumptions.fill === "close"
      ? asWarning(stale, "only a warning, as this strategy fills at the close")
      : stale,
  ];
}

/** Are returns what a holder earned, and figures a year made with the year that the dates have? */
function priceChecks({ manifest, evaluation }: Evidence): GateCheck[] {
  const datasets = manifest.found?.value.datasets;
  return [
    gate.atMost({
      checkId: "unexplained_moves",
      title: "rows whose price moved as after a split, or as no market moves",
      from: [manifest],
      measured: datasets && sum(datasets.map(({ moves }) => moves.total)),
      threshold: 0,
      means: `${movesOf(datasets ?? [])}: declare csv.splits or csv.realMoves, or bring an adjusted close`,
    }),
    asWarning(
      gate.atMost({
        checkId: "declared_moves",
        title: "moves as after a split that were declared to be real",
        from: [manifest],
        measured: datasets && sum(datasets.map(({ realMoves }) => realMoves.length)),
        threshold: 0,
        means: (datasets ?? []).flatMap(({ realMoves }) => realMoves).join(", "),
      }),
      "only a warning: the specification vouches for them",
    ),
    gate.exactly({
      checkId: "bars_per_year",
      title: "bars a year that figures were made with, as read off the dates",
      from: [manifest, evaluation],
      measured: evaluation.found?.value.assumptions.barsPerYear,
      threshold: manifest.found?.value.barsPerYear,
      means: "every figure a year is wrong",
    }),
  ];
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Most moves that a reason names; all of them are in the manifest. */
const NAMED_MOVES = 5;

/** The moves that nothing explains, by date and factor, as many as a reason has room for. */
function movesOf(datasets: readonly ManifestedDataset[]): string {
  const moves = datasets.flatMap(({ instrument, moves: { listed } }) =>
    listed.map(
      ({ date, factor, split }) =>
        `${instrument} ${date} x${factor.toPrecision(3)}${split === null ? "" : ` (${split})`}`,
    ),
  );
  const more = sum(datasets.map((of) => of.moves.total)) - Math.min(NAMED_MOVES, moves.length);
  const rest = more > 0 ? [`${more} more in research/dataset-manifest.json`] : [];
  return [...moves.slice(0, NAMED_MOVES), ...rest].join(", ");
}
