/** Reads what a process shows to Prometheus. */

/** The value of the series with this name and exactly these labels; undefined if it isn't shown. */
export function valueIn(
  text: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = labelKey(Object.entries(labels));
  for (const line of text.split("\n")) {
    const found = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (found?.[1] !== name) continue;
    const pairs = Array.from((found[2] ?? "").matchAll(/([a-z_]+)="([^"]*)"/g), (pair) => [
      pair[1] ?? "",
      pair[2] ?? "",
    ]);
    if (labelKey(pairs) === wanted) return Number(found[3]);
  }
  return undefined;
}

/** What `GET /metrics` answers. */
export async function scrape(address: string): Promise<string> {
  const response = await fetch(`${address}/metrics`);
  return response.text();
}

function labelKey(pairs: readonly (readonly string[])[]): string {
  return pairs
    .map((pair) => pair.join("="))
    .toSorted()
    .join();
}
