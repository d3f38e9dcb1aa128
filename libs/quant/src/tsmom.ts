import { z } from "zod";

import { LIMITS } from "./limits.ts";
import { definePlugin } from "./plugin.ts";

/** Rows looked back, and what a fall means: out of the market, or short. */
export const TsmomParameters = z.strictObject({
  lookbackRows: z.int().min(1).max(LIMITS.lookbackRows).default(252),
  side: z.enum(["long-flat", "long-short"]).default("long-flat"),
});
export type TsmomParameters = z.infer<typeof TsmomParameters>;

function direction(
  close: number | undefined,
  past: number | undefined,
  { side }: TsmomParameters,
): number {
  if (close === undefined || past === undefined) return 0;
  if (close / past > 1) return 1;
  return side === "long-short" && close / past < 1 ? -1 : 0;
}

/**
 * Time-series momentum: long after a rise over `lookbackRows` rows, after a fall flat or short by `side`;
 * 0 if unchanged and during the first `lookbackRows` rows.
 */
export const tsmom = definePlugin({
  name: "tsmom",
  scope: "one",
  Parameters: TsmomParameters,
  warmUpRows: ({ lookbackRows }) => lookbackRows,
  bounds: ({ side }) => ({ least: side === "long-short" ? -1 : 0, most: 1 }),
  target: ([bars], parameters) => [
    direction(bars?.at(-1)?.close, bars?.at(-1 - parameters.lookbackRows)?.close, parameters),
  ],
  targets: ([bars = []], parameters) => [
    bars.map(({ close }, row) =>
      direction(close, bars[row - parameters.lookbackRows]?.close, parameters),
    ),
  ],
});
