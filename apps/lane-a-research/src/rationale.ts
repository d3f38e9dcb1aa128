import type { CandidateSpecArtifact, DatasetManifest } from "@baton/artifacts";
import { windowsOf } from "@baton/market";
import { printable } from "@baton/text/printable";

/** Text of a specification inside Markdown: one line, printable, and nothing in it is taken for markup. */
function plain(text: string): string {
  return printable(text.replaceAll(/\s+/g, " "))
    .replaceAll(/[\\`*_{}[\]<>#|!~]/g, String.raw`\$&`)
    .trim();
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

const PRICES: Readonly<Record<DatasetManifest["datasets"][number]["prices"], string>> = {
  "as-given": "as given",
  "adjusted-close": "scaled to the adjusted close",
  "declared-splits": "declared splits applied",
};

/** What was told of how a file is written, one key each. */
function toldOf(format: DatasetManifest["datasets"][number]["format"] = {}): string[] {
  const { columns = {}, ...rest } = format;
  return [
    ...Object.entries(rest).map(([key, value]) => `${key} ${JSON.stringify(value)}`),
    ...Object.entries(columns).map(([key, name]) => `the column ${JSON.stringify(name)} as ${key}`),
  ];
}

/** What people should know about the rows beside how many there are. */
function dataNotes({ datasets, barsPerYear, spacingDays }: DatasetManifest): string[] {
  const notes = datasets.flatMap(({ instrument, droppedRows, rows, moves, ...data }) => [
    ...(droppedRows === 0
      ? []
      : [
          `${instrument}: ${droppedRows} of ${droppedRows + rows} rows left out, on dates that another instrument doesn't have.`,
        ]),
    ...toldOf(data.format).map((told) => `${instrument}: read with ${told}, as declared.`),
    ...data.splits.map(
      ({ date, ratio }) => `${instrument}: split of ${ratio} on ${date}, as declared.`,
    ),
    ...data.realMoves.map((date) => `${instrument}: the move on ${date} is real, as declared.`),
    ...moves.listed.map(
      ({ date, factor, split }) =>
        `${instrument}: on ${date} the price is ${factor.toPrecision(3)} of the one before, ${split === null ? "which no market makes" : `as after a split of ${split}`}.`,
    ),
  ]);
  return [
    `A year has ${barsPerYear} bars; from one to the next it is ${spacingDays} days as a rule.`,
    "",
    ...notes.map((note) => `- ${plain(note)}`),
    ...(notes.length > 0 ? [""] : []),
  ];
}

function dataSection(manifest: DatasetManifest): string[] {
  const { datasets } = manifest;
  return [
    "## Data",
    "",
    "| instrument | source | prices | research rows | held back | longest gap | stale opens | worst year |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ...datasets.map((data) => {
      const gap = Math.max(0, ...data.calendarGaps.map(({ days }) => days));
      const worst = Math.max(0, ...Object.values(data.staleOpenRatioByYear));
      const range = `${data.research.rows} (${data.research.start} to ${data.research.end})`;
      const held = `${data.holdout.rows} (to ${data.holdout.end})`;
      return `| ${plain(data.instrument)} | ${plain(data.source)} | ${PRICES[data.prices]} | ${range} | ${held} | ${gap} days | ${percent(data.staleOpenRatio)} | ${percent(worst)} |`;
    }),
    "",
    ...dataNotes(manifest),
    "Fills are at the close after the one at which a signal is known, so made-up opens can't flatter the result.",
  ];
}

function windowSection({ spec }: CandidateSpecArtifact): string[] {
  const { firstRow, trainRows, purgeRows, testRows } = windowsOf(spec);
  const whose = spec.walkForward === undefined ? "The usual windows" : "Windows of its own";
  return [
    "## Walk-forward",
    "",
    `${whose}: from row ${firstRow} on folds of ${trainRows} rows to train on, ${purgeRows} purged and ${testRows} to test on.`,
  ];
}

function trialSection({ trials, declaredTrials }: CandidateSpecArtifact): string[] {
  const shownTrials = trials.slice(0, 50).map(({ index, parameters, warmUpRows }) => {
    const values = Object.entries(parameters).map(([name, value]) => `${name} ${value}`);
    return `- ${index}: ${plain(values.join(", "))} (flat for ${warmUpRows} rows)`;
  });
  const rest = trials.length > 50 ? [`- and ${trials.length - 50} more`] : [];
  return [
    "## Declared trials",
    "",
    `${declaredTrials}, in this order:`,
    "",
    ...shownTrials,
    ...rest,
  ];
}

function feedbackSection({ feedback }: CandidateSpecArtifact): string[] {
  if (feedback.length === 0) return [];
  return [
    "## What earlier runs said",
    "",
    ...feedback.flatMap(({ runId, stage, answers }) =>
      answers.map(
        ({ reason, response }) => `- ${runId}, ${stage}: ${plain(reason)}. Answer: ${response}`,
      ),
    ),
    "",
  ];
}

/** `research/rationale.md`: the same as the artifacts, for people. */
export function rationaleOf(research: CandidateSpecArtifact, manifest: DatasetManifest): string {
  const { spec } = research;
  const lines = [
    `# ${plain(spec.name)}`,
    "",
    `Candidate ${research.candidateId}, run ${research.runId}, iteration ${research.iteration}.`,
    "",
    plain(spec.thesis),
    "",
    `It is proven wrong if ${research.falsifiedIf}.`,
    "",
    "## Regimes",
    "",
    ...spec.regimes.map(({ name, expectation }) => `- ${plain(name)}: ${plain(expectation)}`),
    "",
    ...dataSection(manifest),
    "",
    ...windowSection(research),
    "",
    ...trialSection(research),
    "",
    ...feedbackSection(research),
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}
