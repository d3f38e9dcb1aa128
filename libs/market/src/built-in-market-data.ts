import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { datasetOf, sha256Of, unknownInstrument } from "./csv-market-data.ts";
import type { MarketData } from "./dataset.ts";
import { readFileBytes } from "./file-bytes.ts";
import { MarketError } from "./market-error.ts";

/** Where the bytes of a built-in instrument are, and what they must be. */
export type BuiltIn = {
  readonly source: string;
  readonly sha256: string;
  readonly path: () => string;
};

const require = createRequire(import.meta.url);

/** The instruments that need no file of the user's; each is daily, its bytes pinned. */
export const BUILT_INS: Readonly<Record<"SPX" | "NDX" | "AAPL", BuiltIn>> = {
  SPX: {
    source: "vega-datasets@3.2.1/data/sp500-2000.csv",
    sha256: "9409e9342d0657c747324e4cfabce8a8c7f663bc485b95a3378f36b0a160f8c8",
    // The package's exports hide its data folder, so the way leads through its entry point.
    path: () => join(dirname(require.resolve("vega-datasets")), "../data/sp500-2000.csv"),
  },
  NDX: {
    source: "dc@3.2.1/web/ndx.csv",
    sha256: "04d01a3a5396d9ab69d4e4b6db21921c744dfe8946d9fca33cdebbab679f1d8b",
    path: () => require.resolve("dc/web/ndx.csv"),
  },
  AAPL: {
    source: "@observablehq/sample-datasets@1.0.1/aapl.csv",
    sha256: "18dc8bf6542da26625d992544a619a5fc210d6dfc799e81ab7fb7f9edbc21f9a",
    path: () => require.resolve("@observablehq/sample-datasets/aapl.csv"),
  },
};

/**
 * The built-in prices. Throws E_NOT_FOUND for another instrument, and E_ARTIFACT (deterministic, as the same
 * file gives the same bytes) if a file isn't installed or isn't the one whose digest is pinned.
 */
export function builtInMarketData(
  builtIns: Readonly<Record<string, BuiltIn>> = BUILT_INS,
): MarketData {
  return {
    async load(instrument, signal) {
      const builtIn = Object.hasOwn(builtIns, instrument) ? builtIns[instrument] : undefined;
      if (builtIn === undefined) throw unknownInstrument(instrument, Object.keys(builtIns));
      const { source } = builtIn;
      const bytes = await readFileBytes(installedPath(builtIn), signal);
      const sha256 = sha256Of(bytes);
      if (sha256 !== builtIn.sha256) throw broken(builtIn, sha256);
      return datasetOf({ instrument, source, bytes, sha256 });
    },
  };
}

function installedPath(builtIn: BuiltIn): string {
  try {
    return builtIn.path();
  } catch (cause) {
    throw broken(builtIn, "not installed", cause);
  }
}

function broken({ source, sha256 }: BuiltIn, value: string, cause?: unknown): MarketError {
  return new MarketError({
    code: "E_ARTIFACT",
    class: "deterministic",
    where: source,
    value,
    rule: `SHA-256 ${sha256}`,
    action: "install the pinned package version again",
    cause,
  });
}
