import { QuantError } from "./quant-error.ts";

const DAYS_PER_YEAR = 365.25;
/** What a year of an exchange with five-day weeks is taken to have: 252, by the convention of the trade. */
const EXCHANGE = { bars: 252, from: 248, to: 256 } as const;
/** Fewer bars a year than this say nothing about risk within it. */
const FEWEST = 4;
/** Parts that must be spaced alike, the fewest rows of each, and how far one may be off the whole. */
const PARTS = { most: 8, rows: 60, tolerance: 0.25 } as const;

/**
 * How many bars a year has, read off ascending dates (ISO): 252 where it comes to 248 to 256, otherwise the nearest whole
 * number, such as 52 for weekly bars, 12 for monthly ones, 365 for markets that never close. Throws E_INVALID if there
 * are fewer than two dates or than 4 bars a year, or if the spacing changes, as from weekly to daily bars: then no figure
 * per year would be right.
 */
export function barsPerYear(dates: readonly string[]): number {
  const measured = rate(dates, { from: 0, to: dates.length });
  if (!Number.isFinite(measured) || Math.round(measured) < FEWEST)
    throw refused(
      `${dates.length} rows, ${measured.toFixed(1)} a year`,
      `at least ${FEWEST} bars a year`,
    );
  const parts = Math.min(PARTS.most, Math.max(1, Math.floor(dates.length / PARTS.rows)));
  for (let part = 0; part < parts; part += 1) {
    const from = Math.floor((part * (dates.length - 1)) / parts);
    const to = Math.floor(((part + 1) * (dates.length - 1)) / parts) + 1;
    const own = rate(dates, { from, to });
    if (Math.abs(own / measured - 1) <= PARTS.tolerance) continue;
    throw refused(
      `${own.toFixed(0)} bars a year from ${dates[from]} to ${dates[to - 1]}, ${measured.toFixed(0)} overall`,
      "bars spaced alike from the first row to the last, whether daily, weekly or monthly",
    );
  }
  if (measured >= EXCHANGE.from && measured <= EXCHANGE.to) return EXCHANGE.bars;
  return Math.round(measured);
}

/** Calendar days from a row to the next, the median: 1 for daily bars, 7 for weekly ones; 1 for fewer than two rows. */
export function usualSpacingDays(dates: readonly string[]): number {
  const spacings = dates
    .slice(1)
    .map((date, row) => daysBetween(dates[row] ?? date, date))
    .toSorted((a, b) => a - b);
  return spacings[Math.floor(spacings.length / 2)] ?? 1;
}

function rate(
  dates: readonly string[],
  { from, to }: { readonly from: number; readonly to: number },
): number {
  const days = daysBetween(dates[from] ?? "", dates[to - 1] ?? "");
  return days > 0 ? ((to - 1 - from) * DAYS_PER_YEAR) / days : Number.NaN;
}

const daysBetween = (first: string, last: string) => dayNumber(last) - dayNumber(first);

/** Days of the Gregorian calendar since a fixed one, for an ISO date; years begin in March, so that leap days come last. */
function dayNumber(date: string): number {
  const [calendarYear = Number.NaN, month = Number.NaN, day = Number.NaN] = date
    .split("-")
    .map(Number);
  const year = month <= 2 ? calendarYear - 1 : calendarYear;
  const leapDays = Math.floor(year / 4) - Math.floor(year / 100) + Math.floor(year / 400);
  const daysBeforeMonth = Math.floor((153 * ((month + 9) % 12) + 2) / 5);
  return 365 * year + leapDays + daysBeforeMonth + day;
}

function refused(value: string, rule: string): QuantError {
  return new QuantError({
    code: "E_INVALID",
    where: "dates",
    value,
    rule,
    action: "bring rows of one spacing; cut the part that is spaced otherwise",
  });
}
