import leven from "leven";

/** Longest text that is compared: names are shorter. */
const MAX_COMPARED = 100;

/**
 * The name that differs least from what was typed, if it is like it at all: at most two in five characters are others; a part
 * of a name of four characters or more counts as near it. Case counts.
 */
export function nearest(typed: string, names: readonly string[]): string | undefined {
  if (typed.length > MAX_COMPARED) return undefined;
  const [best] = names
    .map((name) => ({ name, distance: distanceOf(typed, name) }))
    .toSorted((one, other) => one.distance - other.distance);
  return best && best.distance <= best.name.length * 0.4 ? best.name : undefined;
}

function distanceOf(typed: string, name: string): number {
  const isPart = typed.length >= 4 && name.includes(typed);
  return isPart ? 1 : leven(typed, name);
}
