import { createHash } from "node:crypto";
import { basename } from "node:path";

import { type CsvTreatment, InstrumentName, toldFormat } from "@baton/artifacts";

import { comparablePrices } from "./comparable-prices.ts";
import { readBars } from "./csv-bars.ts";
import type { Dataset, MarketData } from "./dataset.ts";
import { readFileBytes, tooLarge } from "./file-bytes.ts";
import { LIMITS } from "./limits.ts";
import { datasetFrom, staleOpens } from "./manifest.ts";
import { MarketError, requireNotCancelled } from "./market-error.ts";

/**
 * A user's prices: a file, or bytes that were read elsewhere, with the name that errors and the manifest use (`called`: what
 * errors call it, if that is another); and what the user says about them.
 */
export type CsvSource = (
  | { readonly path: string }
  | { readonly bytes: Uint8Array; readonly name: string; readonly called?: string }
) &
  CsvTreatment;

/**
 * Prices from users' CSV files, by instrument; what isn't among them comes from `otherwise`, if given.
 * A header names date, open, high, low, close and, if there, adj close and volume, in any case and order;
 * dates are ISO or MM/DD/YYYY and ascend, unless the source tells another format. Where there is an adjusted close, prices are scaled to it. Files are read anew at every load.
 */
export function csvMarketData(
  sources: Readonly<Record<string, CsvSource>>,
  otherwise?: MarketData,
): MarketData {
  return {
    async load(instrument, signal) {
      const source = Object.hasOwn(sources, instrument) ? sources[instrument] : undefined;
      if (source === undefined && otherwise !== undefined)
        return otherwise.load(instrument, signal);
      if (source === undefined) throw unknownInstrument(instrument, Object.keys(sources));
      requireInstrumentName(instrument);
      const { bytes, name, called = name } = await open(source, signal);
      const { splits, realMoves } = source;
      const treatment = { ...toldFormat(source), splits, realMoves };
      const sha256 = sha256Of(bytes);
      return datasetOf({ instrument, source: name, called, bytes, sha256, treatment });
    },
  };
}

async function open(
  source: CsvSource,
  signal: AbortSignal,
): Promise<Extract<CsvSource, { readonly bytes: Uint8Array }>> {
  if ("path" in source) {
    const bytes = await readFileBytes(source.path, signal);
    // The folder stays out of the manifest: it differs from machine to machine and may tell about its user.
    return { bytes, name: basename(source.path).slice(0, 200) };
  }
  const { bytes, called = source.name } = source;
  requireNotCancelled(signal, called);
  if (bytes.length > LIMITS.bytes) throw tooLarge(called, bytes.length);
  return source;
}

/** E_NOT_FOUND for an instrument that a source doesn't have, with the ones it has. */
export function unknownInstrument(instrument: string, known: readonly string[]): MarketError {
  return new MarketError({
    code: "E_NOT_FOUND",
    class: "spec",
    where: "instrument",
    value: instrument,
    rule: `one of ${known.join(", ").slice(0, 200)}`,
    action: "correct the name or bring a CSV file for it",
  });
}

function requireInstrumentName(instrument: string): void {
  const { success, error } = InstrumentName.safeParse(instrument);
  if (success) return;
  throw new MarketError({
    code: "E_INVALID",
    class: "spec",
    where: "instrument",
    value: instrument,
    rule: error.issues[0]?.message ?? "an instrument's name",
    action: "correct the name",
  });
}

/** Hex SHA-256 of bytes. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Reads and describes the bytes of one instrument. */
export function datasetOf(input: {
  readonly instrument: string;
  readonly source: string;
  /** What errors call it; `source` if not given. */
  readonly called?: string;
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly treatment?: CsvTreatment;
}): Dataset {
  const { instrument, source, called = source, bytes, sha256, treatment = {} } = input;
  const format = toldFormat(treatment);
  const { rows, nullRate, ignoredColumns } = readBars(bytes, called, format);
  const { bars, prices } = comparablePrices(rows, treatment, called);
  const { splits = [], realMoves = [] } = treatment;
  for (const date of realMoves)
    requireRow(date, { dates: bars.map((bar) => bar.date), source: called });
  const dataset = datasetFrom(
    { bars, staleOpens: staleOpens(rows) },
    { instrument, source, sha256, nullRate, format, prices, splits, realMoves },
  );
  return { ...dataset, ignoredColumns };
}

function requireRow(
  date: string,
  { dates, source }: { readonly dates: readonly string[]; readonly source: string },
): void {
  if (dates.includes(date)) return;
  throw new MarketError({
    code: "E_INVALID",
    class: "spec",
    where: `${source}: csv.realMoves`,
    value: date,
    rule: "the date of a row",
    action: "correct the date",
  });
}
