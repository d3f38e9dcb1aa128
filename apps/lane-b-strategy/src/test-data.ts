/** What the generated test is run on: research rows, and the weights that the quant library gives for them. */
import type { CandidateSpecArtifact } from "@baton/artifacts";
import type { loadResearchData } from "@baton/market";
import { findPlugin, type Panel, type Strategy, type Targets } from "@baton/quant";

/** One instrument's research rows: exactly those that lane A described, never one of the holdout. */
export type ResearchBars = Awaited<ReturnType<typeof loadResearchData>>[number];

/** Most rows of an instrument, parameter sets, and weights in all: the last rows, and sets spread over the grid. */
const TEST_LIMITS = { rows: 10_000, sets: 24, weights: 400_000 } as const;
/** Tests of the source alone, and for every panel. */
export const TESTS = { alone: 2, perPanel: 7 } as const;

/** The content of `data.json`. */
export interface TestData {
  readonly sets: readonly {
    readonly parameters: unknown;
    readonly warmUpRows: number;
    readonly bounds: Strategy["bounds"];
  }[];
  readonly panels: readonly {
    readonly label: string;
    readonly bars: Panel;
    readonly expected: readonly Targets[];
  }[];
}

/** `count` of the values, evenly spread, the first and the last among them. */
export function spread<T>(values: readonly T[], count: number): T[] {
  if (values.length <= count) return [...values];
  const wanted = Array.from({ length: count }, (_, k) =>
    Math.round((k * (values.length - 1)) / Math.max(1, count - 1)),
  );
  return values.filter((_, index) => wanted.includes(index));
}

/** Every instrument alone and, if the plugin can trade several at once, all of them; their dates are the same. */
function panelsOf(loaded: readonly ResearchBars[], scope: Strategy["scope"]) {
  const alone = loaded.map(({ instrument, bars }) => ({
    label: instrument,
    bars: [bars.slice(-TEST_LIMITS.rows)],
  }));
  if (scope === "one" || alone.length === 1) return alone;
  const bars = alone.flatMap((panel) => panel.bars);
  return [...alone, { label: alone.map(({ label }) => label).join("+"), bars }];
}

const cellsOf = (panel: Panel) => panel.reduce((cells, bars) => cells + bars.length, 0);

/** The test's data for a candidate: the declared trials, or as many of them as the limits allow. */
export function testDataFor(
  { spec, trials }: CandidateSpecArtifact,
  loaded: readonly ResearchBars[],
): TestData {
  const plugin = findPlugin(spec.strategy.plugin);
  const panels = panelsOf(loaded, plugin.scope);
  const cells = panels.reduce((sum, { bars }) => sum + cellsOf(bars), 0);
  const most = Math.max(1, Math.min(TEST_LIMITS.sets, Math.floor(TEST_LIMITS.weights / cells)));
  const strategies = spread(trials, most).map(({ parameters }) => plugin.bind(parameters));
  return {
    sets: strategies.map(({ parameters, warmUpRows, bounds }) => ({
      parameters,
      warmUpRows,
      bounds,
    })),
    panels: panels.map(({ label, bars }) => ({
      label,
      bars,
      expected: strategies.map((strategy) => strategy.targets(bars)),
    })),
  };
}
