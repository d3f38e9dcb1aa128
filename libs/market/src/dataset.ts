import type { Bar } from "@baton/quant";
import { z } from "zod";

/** An instrument's name, as candidates and files use it. */
export const InstrumentName = z
  .string()
  .regex(/^[A-Z][A-Z0-9._-]{0,15}$/, "1 to 16 of A-Z 0-9 . _ -, a letter first");
export type InstrumentName = z.infer<typeof InstrumentName>;

/** More than five calendar days between two rows: from the date before it to the date after it. */
export const CalendarGap = z.strictObject({
  after: z.iso.date(),
  before: z.iso.date(),
  days: z.int().min(6),
});
export type CalendarGap = z.infer<typeof CalendarGap>;

const Share = z.number().min(0).max(1);

/**
 * What a dataset is and how good it is. `source` names the package and file, or the user's file by its name.
 * `staleOpenRatio` is the share of rows whose open equals the previous close, of all rows that have a
 * previous one (0 if none has): near 1, opens are made up and fills at the open are fiction.
 * `nullRate` is the share of empty cells among the columns read; only volume and adjusted close may be empty.
 */
export const DatasetManifest = z.strictObject({
  schemaVersion: z.literal("3.0.0"),
  instrument: InstrumentName,
  source: z.string().min(1).max(200),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  rows: z.int().positive(),
  start: z.iso.date(),
  end: z.iso.date(),
  calendarGaps: z.array(CalendarGap),
  staleOpenRatio: Share,
  staleOpenRatioByYear: z.record(z.string().regex(/^\d{4}$/), Share),
  nullRate: Share,
});
export type DatasetManifest = z.infer<typeof DatasetManifest>;

/** Bars in ascending order of date, and the manifest computed from them. */
export type Dataset = { readonly manifest: DatasetManifest; readonly bars: readonly Bar[] };

/**
 * Where prices come from. `load` reads, checks and describes one instrument; it throws a `MarketError`
 * whose class says whether a retry may help, and never gives part of a dataset.
 */
export type MarketData = {
  readonly load: (instrument: string, signal: AbortSignal) => Promise<Dataset>;
};
