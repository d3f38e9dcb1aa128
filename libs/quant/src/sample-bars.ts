import type { Bar } from "./bar.ts";

/** Bars for tests: flat days at the given closes, dated by a calendar of twelve months of 28 days from 1900 on. */
export function sampleBars(closes: readonly number[]): Bar[] {
  return closes.map((close, row) => ({
    date: sampleDate(row),
    open: close,
    high: close,
    low: close,
    close,
    volume: 0,
  }));
}

function sampleDate(row: number): string {
  const day = String((row % 28) + 1).padStart(2, "0");
  const month = String((Math.floor(row / 28) % 12) + 1).padStart(2, "0");
  return `${1900 + Math.floor(row / 336)}-${month}-${day}`;
}

/** A series that looks like a market and needs no data: trends of several lengths that come
 * and go, so that no parameter set is the best everywhere. */
export function sampleCloses(rows: number, phase = 0): number[] {
  return Array.from(
    { length: rows },
    (_, row) =>
      100 +
      row / 40 +
      20 * Math.sin(row / 90 + phase) +
      8 * Math.sin(row / 11 + 2 * phase) * Math.sin(row / 47 + phase) +
      4 * Math.sin(row * 1.7 + phase) * Math.cos(row * row) * Math.cos(row / 60),
  );
}
