import type { Feature, Parameters } from "@baton/artifacts";

const rowsOf = (parameters: Parameters, name: string): number => parameters[name] ?? 0;

/** A mean of the last `rows` closes sees the current row too, so it looks back one row less. */
function movingAverage(which: string, rows: number): Feature {
  return {
    name: `sma-${which}-${rows}`,
    definition: `mean of the last ${rows} closes`,
    lookbackRows: rows - 1,
  };
}

function momentum(rows: number): Feature {
  return {
    name: `momentum-${rows}`,
    definition: `close / close ${rows} rows before - 1`,
    lookbackRows: rows,
  };
}

const FEATURES: Readonly<Record<string, (parameters: Parameters) => Feature[]>> = {
  "sma-cross": (parameters) => [
    movingAverage("fast", rowsOf(parameters, "fast")),
    movingAverage("slow", rowsOf(parameters, "slow")),
  ],
  tsmom: (parameters) => [momentum(rowsOf(parameters, "lookbackRows"))],
  "tsmom-vol-target": (parameters) => [
    momentum(rowsOf(parameters, "momentumRows")),
    {
      name: `volatility-${rowsOf(parameters, "volatilityRows")}`,
      definition: `population deviation of the last ${rowsOf(parameters, "volatilityRows")} returns`,
      lookbackRows: rowsOf(parameters, "volatilityRows"),
    },
  ],
};

/** What a plugin computes from the bars; for a plugin without a description, its closes back to the warm-up. */
export function featuresOf(plugin: string, parameters: Parameters, warmUpRows: number): Feature[] {
  const describe = Object.hasOwn(FEATURES, plugin) ? FEATURES[plugin] : undefined;
  return (
    describe?.(parameters) ?? [
      { name: "closes", definition: "closes as they are", lookbackRows: warmUpRows },
    ]
  );
}
