/** The rows that lane B may see: exactly those that lane A described, never one of the holdout. */
import type { CandidateSpec, DatasetManifest } from "@baton/contracts";
import { type StageContext, StageFailure } from "@baton/lanekit";
import { builtInMarketData, csvMarketData, type Dataset } from "@baton/market";
import type { Bar } from "@baton/quant";

type Described = DatasetManifest["datasets"][number];

/** One instrument's research rows. */
export interface ResearchBars {
  readonly instrument: string;
  readonly sha256: string;
  readonly research: Described["research"];
  readonly bars: readonly Bar[];
}

function requireSame(described: Described, { manifest, bars }: Dataset): void {
  const cut = bars[described.research.rows - 1]?.date;
  if (manifest.sha256 === described.sha256 && cut === described.research.end) return;
  throw new StageFailure({
    class: "deterministic",
    code: "E_DATA_CHANGED",
    message: `${described.instrument}: the manifest describes ${described.sha256.slice(0, 12)} up to ${described.research.end}, what is loaded now is ${manifest.sha256.slice(0, 12)} with ${cut ?? "fewer rows"}`,
    action: "Run all lanes on the same version; then rerun from research-intake.",
  });
}

/** Research rows of every instrument, in the manifest's order. Throws a StageFailure if the data isn't what was described. */
export async function loadResearchBars(
  context: StageContext,
  spec: CandidateSpec,
  { datasets }: DatasetManifest,
): Promise<ResearchBars[]> {
  const own = spec.universe.flatMap(({ instrument, csv }) =>
    csv === undefined ? [] : [{ instrument, sha256: csv.sha256 }],
  );
  const files = await Promise.all(
    own.map(async ({ instrument, sha256 }) => {
      const bytes = await context.fetch(sha256);
      return [instrument, { bytes, name: `csv:${sha256.slice(0, 12)}` }] as const;
    }),
  );
  const market = csvMarketData(Object.fromEntries(files), builtInMarketData());
  return Promise.all(
    datasets.map(async (described) => {
      const { instrument, sha256, research } = described;
      const loaded = await market.load(instrument, context.signal);
      requireSame(described, loaded);
      return { instrument, sha256, research, bars: loaded.bars.slice(0, research.rows) };
    }),
  );
}
