import { createHash } from "node:crypto";
import { basename } from "node:path";

import { readBars } from "./csv-bars.ts";
import { type Dataset, InstrumentName, type MarketData } from "./dataset.ts";
import { readFileBytes, tooLarge } from "./file-bytes.ts";
import { LIMITS } from "./limits.ts";
import { describeBars } from "./manifest.ts";
import { MarketError, requireNotCancelled } from "./market-error.ts";

/** A user's prices: a file, or bytes that were read elsewhere, with the name that errors and the manifest use. */
export type CsvSource =
  | { readonly path: string }
  | { readonly bytes: Uint8Array; readonly name: string };

/**
 * Prices from users' CSV files, by instrument; what isn't among them comes from `otherwise`, if given.
 * A header names date, open, high, low, close and, if there, adj close and volume, in any case and order;
 * dates are ISO or MM/DD/YYYY and ascend. Files are read anew at every load.
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
      const { bytes, name } = await open(source, signal);
      return datasetOf({ instrument, source: name, bytes, sha256: sha256Of(bytes) });
    },
  };
}

async function open(source: CsvSource, signal: AbortSignal) {
  if ("path" in source) {
    const bytes = await readFileBytes(source.path, signal);
    // The folder stays out of the manifest: it differs from machine to machine and may tell about its user.
    return { bytes, name: basename(source.path).slice(0, 200) };
  }
  requireNotCancelled(signal, source.name);
  if (source.bytes.length > LIMITS.bytes) throw tooLarge(source.name, source.bytes.length);
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
    next: "correct the name or bring a CSV file for it",
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
    next: "correct the name",
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
  readonly bytes: Uint8Array;
  readonly sha256: string;
}): Dataset {
  const { instrument, source, bytes, sha256 } = input;
  const { bars, nullRate } = readBars(bytes, source);
  return { bars, manifest: describeBars(bars, { instrument, source, sha256, nullRate }) };
}
