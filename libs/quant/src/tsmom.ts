import { z } from "zod";

import { LIMITS } from "./limits.ts";
import { definePlugin } from "./plugin.ts";

/** Rows looked back, and the weight after a fall: 0 is long/flat, -1 is long/short. */
export const TsmomParameters = z.strictObject({
  lookbackRows: z.int().min(1).max(LIMITS.lookbackRows).default(252),
  afterFall: z.literal([0, -1]).default(0),
});
export type TsmomParameters = z.infer<typeof TsmomParameters>;

function direction(
  close: number | undefined,
  past: number | undefined,
  { afterFall }: TsmomParameters,
): number {
  if (close === undefined || past === undefined) return 0;
  if (close / past > 1) return 1;
  return close / past < 1 ? afterFall : 0;
}

/**
 * Time-series momentum: long after a rise over `lookbackRows` rows, `afterFall` after a fall;
 * 0 if unchanged and during the first `lookbackRows` rows.
 */
export const tsmom = definePlugin({
  name: "tsmom",
  scope: "one",
  Parameters: TsmomParameters,
  warmUpRows: ({ lookbackRows }) => lookbackRows,
  bounds: ({ afterFall }) => ({ least: afterFall, most: 1 }),
  target: ([bars], parameters) => [
    direction(bars?.at(-1)?.close, bars?.at(-1 - parameters.lookbackRows)?.close, parameters),
  ],
  targets: ([bars = []], parameters) => [
    bars.map(({ close }, row) =>
      direction(close, bars[row - parameters.lookbackRows]?.close, parameters),
    ),
  ],
});
